/**
 * Time limits, in milliseconds, by which a db_proxy_server that sends messages to msg_servers directly misses no session.
 *
 * - `lease`: for how long it trusts its table of sessions after it has asked NATS for a round trip that was answered. All
 *   that NATS had for it at the time of asking, it has then.
 * - `wait`: for how long at least a login waits for its answer after NATS has passed the login on. It is longer than
 *   `lease`: a client that is told that it is logged in although a db_proxy_server has not answered is known to that one,
 *   or that one no longer trusts its table.
 */
export const directDeliveryMs = { lease: 400, wait: 500 } as const;
