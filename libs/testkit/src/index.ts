// TestCluster: any number of each service on a real PostgreSQL and a real NATS.
export { type ClusterOptions, type ConnectOptions, TestCluster, testPassword } from './cluster/cluster.js';
export type { ClusterNode, Mode } from './cluster/node.js';
export { FakeOriginal } from './conformance/testing/original.js';
export * from './infrastructure/index.js';
