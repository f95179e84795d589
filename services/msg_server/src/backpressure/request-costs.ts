/**
 * What a request costs, in units of which one is about a microsecond of the servers' CPU: REQUEST_RATE and REQUEST_BURST
 * are in the same units.
 */
export const costs = {
  /** each request: a call to another service and its reply */
  request: 100,
  /** each read mark: many share a call */
  readMark: 20,
  /** each byte of the request's body: a requested id takes 2 to 6 */
  bodyByte: 0.1,
  /** each byte of the response */
  responseByte: 1 / 32,
  /** each byte of a list that is encoded once for all clients */
  sharedByte: 1 / 1_000,
  /** each member added to a group or removed: rows of the database */
  memberChanged: 100,
  /** each member notified of a change of a group */
  memberNotified: 25,
  /** each connection to this msg_server that is notified of a user's change; several changes are one write */
  connectionTold: 2,
} as const;
