// TestCluster: any number of each service on a real PostgreSQL and a real NATS.
export { checkOut } from './checkout.js';
export { type ClusterOptions, type ConnectOptions, TestCluster, testPassword } from './cluster.js';
export { createGroup } from './create-group.js';
export { DurableInfrastructure, dataFolder } from './durable-infrastructure.js';
export { cheapHash, serviceEnvironment } from './environment.js';
export { asService, backupRole, databaseRole, migrate } from './migrate.js';
export { natsPassword, natsUsers } from './nats-users.js';
export type { ClusterNode, Mode } from './node.js';
