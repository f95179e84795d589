export { abortAfter } from './abort-after.js';
export { answerBrokenRequests } from './broken-requests.js';
export { ClientLog } from './client-log.js';
export { closeQueuedResponses } from './close-queued-responses.js';
export { closeServer } from './close-server.js';
export { coalesce } from './coalesce.js';
export {
  ConfigError,
  describeEnv,
  type EnvSchema,
  type EnvValues,
  env,
  isProduction,
  problemsOfSecrets,
  readEnv,
  type VariableDoc,
} from './config.js';
export { withDeadline } from './deadline.js';
export { type ErrorCode, errorCodes, isTransient, TeamTalkError } from './errors.js';
export { every } from './every.js';
export { Health } from './health.js';
export { formatInstance, newInstance, traceHalves, traceId } from './instance.js';
export { type CommonConfig, commonConfig, createKit, type Kit, type StartOptions } from './kit.js';
export { Lifecycle } from './lifecycle.js';
export { createLogger, type Logger } from './logger.js';
export { type MetricDefinition, Metrics } from './metrics.js';
export { readMetrics, type Sample, sumOf } from './metrics-text.js';
export { listen, startOpsServer } from './ops-server.js';
export { receivedNow, secondsSince } from './received-at.js';
export { relaxGc } from './relax-gc.js';
export { SecretKeys, secretKeysEnv } from './secret-keys.js';
export { newToken, tokenHash } from './secret-token.js';
export { runService, type Service, startService } from './service.js';
export {
  type BusConfig,
  busConfig,
  busEnv,
  commonEnv,
  type RpcTls,
  rpcEnv,
  rpcTls,
} from './shared-env.js';
export { sourceNetwork } from './source-network.js';
export { isTraced, messageSpan, type SpanIds, traceparentOf } from './tracing/message-trace.js';
export { recordSent } from './tracing/sent-message.js';
export { traceRequests } from './tracing/trace-requests.js';
export type { Tracing } from './tracing/tracing.js';
export { type StartTimeout, type UntilAvailable, untilAvailable } from './until-available.js';
export { version } from './version.js';
export { withoutSecrets } from './without-secrets.js';
