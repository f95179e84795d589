import path from 'node:path';
import { NatsServer, PostgresServer } from '@teamtalk/local-stack';
import { PersistentServer } from './persistent-server.js';

/** The PostgreSQL and the NATS to work with: the given ones, or our own with their data in `.data`. */
export interface Servers {
  databaseUrl: string;
  natsUrl: string;
  /** Those that are ours; NATS first. */
  stop(): Promise<void>;
}

/** After our death by kill -9 the services need a moment to end in order. */
const guardSeconds = 5;

/** @throws Error when one of ours does not start; the other is stopped then */
export async function startServers(
  dataFolder: string,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<Servers> {
  const logFolder = path.join(dataFolder, 'log');
  const postgres = env.DATABASE_URL
    ? undefined
    : await PersistentServer.start(
        'PostgreSQL',
        5432,
        (port) =>
          PostgresServer.start({
            dataDir: path.join(dataFolder, 'postgres'),
            logFile: path.join(logFolder, 'postgres.log'),
            port,
            durable: true,
            guardSeconds,
          }),
        say,
      );
  try {
    const nats = env.NATS_URL
      ? undefined
      : await PersistentServer.start(
          'NATS',
          4222,
          (port) =>
            NatsServer.start({
              dir: path.join(dataFolder, 'nats'),
              logFile: path.join(logFolder, 'nats.log'),
              port,
              guardSeconds,
            }),
          say,
        );
    return {
      databaseUrl: postgres?.url ?? env.DATABASE_URL!,
      natsUrl: nats?.url ?? env.NATS_URL!,
      stop: async () => {
        await nats?.stop();
        await postgres?.stop();
      },
    };
  } catch (error) {
    await postgres?.stop();
    throw error;
  }
}
