import { type ServiceName, type TestDatabase, type TestNats, traitsOf } from '@teamtalk/local-stack';

/** A password check that takes no time: tests log in hundreds of users. */
export const cheapHash = { memoryKib: 8, iterations: 1 };

/** The variables a service of a cluster gets before a test's own: any free ports, no log, quick to stop. */
export function serviceEnvironment(
  service: ServiceName,
  nats: TestNats,
  testDatabase: TestDatabase,
  storageFolder: string,
): Record<string, string> {
  const { bus, database, ports, storage } = traitsOf(service);
  const portVariables = Object.values(ports).map(({ variable }) => [variable, '0']);
  return {
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    OPS_HOST: '127.0.0.1',
    SHUTDOWN_SECONDS: '10',
    ...Object.fromEntries(portVariables),
    ...(bus && { NATS_URL: nats.url, NATS_PREFIX: nats.prefix }),
    ...(bus && nats.servicePassword && { NATS_USER: service, NATS_PASSWORD: nats.servicePassword }),
    ...(database && {
      DATABASE_URL: testDatabase.url,
      ARGON2_MEMORY_KIB: String(cheapHash.memoryKib),
      ARGON2_ITERATIONS: String(cheapHash.iterations),
    }),
    ...(storage && { STORAGE_DIR: storageFolder }),
    ...(service === 'msg_server' && { DRAIN_SPREAD_MS: '0' }),
  };
}
