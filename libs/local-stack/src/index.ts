/**
 * The service-independent base of development and tests: PostgreSQL, NATS, processes, raw connections, waiting for a
 * condition.
 *
 *     import { testDatabase, testNats, waitUntil } from '@teamtalk/local-stack';
 *
 *     const database = await testDatabase();   // migrated, of this test file alone
 *     const nats = await testNats();            // { url, prefix }
 *     afterAll(() => database.drop());
 */
export { type ApnsStand, startApns } from './apns-stand.js';
export { callByTls, certificateFiles, tlsEnv } from './certificates.js';
export { DistributorPhone } from './distributor-phone.js';
export { FakeApns } from './fake-apns.js';
export { FakeFcm } from './fake-fcm.js';
export { FakeWebPush } from './fake-web-push.js';
export { FaultProxy, type Heading, type NetworkConditions, type ProxyTarget } from './fault-proxy.js';
export {
  type DatabaseOptions,
  type Infrastructure,
  infrastructureVariable,
  openInfrastructure,
  type TestDatabase,
  type TestNats,
  testDatabase,
  testNats,
} from './infrastructure.js';
export { type LegacySchemaOptions, legacyMessageTables, legacySchema } from './legacy-schema.js';
export { LegacyServers } from './legacy-servers.js';
export { LocalInfrastructure, type Migrate } from './local-infrastructure.js';
export { loginFrame } from './login-frame.js';
export { MariadbServer, type MariadbServerOptions } from './mariadb-server.js';
export { NatsCluster } from './nats-cluster.js';
export { NatsServer, type NatsServerOptions } from './nats-server.js';
export { PatroniCluster } from './patroni-cluster.js';
export { Pgbouncer, type PgbouncerOptions } from './pgbouncer.js';
export { freePort, isPortFree } from './ports.js';
export { PostgresPair, type PostgresPairOptions } from './postgres-pair.js';
export { PostgresServer, type PostgresServerOptions } from './postgres-server.js';
export { commandLine, guard, isAlive, isGone, startOf, stopProcess } from './processes.js';
export { proxyHeader, proxyLine } from './proxy-header.js';
export { type Frame, RawConnection } from './raw-connection.js';
export { RedisServer, type RedisServerOptions } from './redis-server.js';
export { type TestS3, testS3 } from './s3-server.js';
export { mainOf, type ServiceExit, ServiceProcess, type ServiceProcessOptions } from './service-process.js';
export {
  isServiceName,
  type ServiceName,
  type ServiceTraits,
  serviceNames,
  traitsOf,
} from './service-table.js';
export { FakeHms } from './vendors/fake-hms.js';
export { FakeHonor } from './vendors/fake-honor.js';
export { FakeOppo } from './vendors/fake-oppo.js';
export type { FakeVendor } from './vendors/fake-vendor.js';
export { FakeVivo } from './vendors/fake-vivo.js';
export { FakeXiaomi } from './vendors/fake-xiaomi.js';
export { type WaitOptions, waitUntil } from './wait-until.js';
