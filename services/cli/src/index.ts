// The `teamtalk` command, for programs that run it in their own process.
export { runCli } from './cli.js';
export { FollowMetrics } from './import/follow/metrics.js';
export { type ServiceConfiguration, serviceConfigurations } from './services.js';
export type { MessageTrace } from './trace/message-trace.js';
