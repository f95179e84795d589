/** Values that need somebody's attention. The alerts and the colours of the dashboards share them. */
export const thresholds = {
  /** 99 % of the messages are acknowledged within this time, seconds */
  acknowledgeSeconds: 0.5,
  /** 99 % of the messages reach their receivers within this time, seconds */
  deliverySeconds: 1,
  /** age of the oldest unconfirmed batch, seconds */
  outboxSeconds: 10,
  /** 99th percentile of the event loop's lag, seconds */
  eventLoopSeconds: 0.2,
  /** cores used by the thread that runs a service's own code */
  cores: 0.7,
  /** share of MAX_CONNECTIONS of a msg_server */
  connections: 0.9,
  /** logins per second that are refused without a check of the password */
  loginsRefused: 1,
  /** calls of the HTTP API per second that end in error 9 */
  callsFailed: 0.1,
  /** share of the canary's messages that may fail: not acknowledged, or late, lost, duplicated or reordered deliveries */
  canaryBudget: 0.001,
  certificateDays: 14,
  backupHours: 26,
} as const;
