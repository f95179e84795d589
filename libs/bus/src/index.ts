export { teamtalk } from '../gen/bus.js';
export { Bus, type BusOptions, type SubscribeOptions } from './bus.js';
export { Cluster, joinCluster } from './cluster.js';
export { directDeliveryMs } from './direct-delivery.js';
export { type FileServerAddress, fileServerAddresses } from './file-servers.js';
export { allTopics, inboxOf, natsAuthorization, type Permissions, permissionsOf } from './permissions.js';
export {
  type Announced,
  type Heartbeat,
  type HeartbeatDetails,
  HeartbeatPublisher,
  Registry,
  type RegistryEvents,
} from './registry.js';
export { rendezvous } from './rendezvous.js';
export { NobodyListensError } from './request-error.js';
export {
  type AnsweredTopic,
  type AnyTopic,
  type Codec,
  dbProxyServerQueue,
  fileServerQueue,
  type Member,
  members,
  routeServerQueue,
  type Topic,
  topics,
} from './subjects.js';
