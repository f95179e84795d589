/** Figures from which on somebody has to look. The alerts and the colours of the dashboards both use them. */
export const thresholds = {
  /** 99 % of the messages are acknowledged within, seconds */
  acknowledgeSeconds: 0.5,
  /** 99 % of the messages are at their receivers within, seconds */
  deliverySeconds: 1,
  /** age of the oldest batch that nobody has confirmed, seconds */
  outboxSeconds: 10,
  /** delay of the event loop, 99 %, seconds */
  eventLoopSeconds: 0.2,
  /** cores of the one thread that runs a service's own code */
  cores: 0.7,
  /** part of the connections a msg_server takes (MAX_CONNECTIONS) */
  connections: 0.9,
  /** logins a second that are refused unchecked */
  loginsRefused: 1,
  /** calls of the HTTP API a second that end in error 9 */
  callsFailed: 0.1,
  /** part of the canary's messages that may be not acknowledged, and of their deliveries that may be late, lost, duplicated or reordered */
  canaryBudget: 0.001,
  certificateDays: 14,
  backupHours: 26,
} as const;
