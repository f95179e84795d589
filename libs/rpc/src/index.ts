export { teamtalk as consoleApi } from '../gen/console.js';
export { teamtalk } from '../gen/db_proxy.js';
export { teamtalk as httpApi } from '../gen/http_api.js';
export { teamtalk as pushApi } from '../gen/push.js';
export { teamtalk as traceApi } from '../gen/trace.js';
export { BatchedReplies } from './batched-replies.js';
export { BatchedStream, type BatchedStreamOptions, type SentEntry } from './batched-stream.js';
export { connectStore } from './connect-store.js';
export { consoleApps, consolePushes, consoleWebhooks } from './console-apps.js';
export {
  consoleBroadcasts,
  consoleGroups,
  consoleMethods,
  consoleWork,
  lifecycle,
} from './console-methods.js';
export {
  type ConsolePermission,
  type ConsoleRole,
  consolePermissions,
  consolePermissionsOf,
  consoleRoles,
  departmentRole,
  isConsoleRole,
  mayInConsole,
} from './console-rights.js';
export {
  accounts,
  administration,
  apps,
  bots,
  broadcasts,
  consoles,
  files,
  groups,
  type Method,
  messages,
  pushes,
  traces,
  webhooks,
} from './definitions.js';
export { errorOf, grpcStatusOf } from './errors.js';
export { type LoginStream, loginStream, nameKey } from './login-stream.js';
export {
  type AppendEntry,
  type AppenderOptions,
  type AppendResult,
  conversationKey,
  type MessageAppender,
  messageAppender,
  type ReadEntry,
  type ReadMarker,
  type ReadResult,
  readMarker,
  type WriterOptions,
} from './message-store.js';
export {
  type PoolEvents,
  type Replica,
  type ReplicaAddress,
  ReplicaPool,
  syncPool,
} from './replica-pool.js';
export { type CallersAllowed, type Handlers, RpcServer, type RpcStream } from './server.js';
export { spanOf } from './span.js';
