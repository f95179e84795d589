import type { Connection } from '../connection/connection.js';
import type { Context } from '../context.js';

/**
 * Limits the messages and commands to other users that a connection may send per second. A connection above the
 * limit is read more slowly; nothing is dropped (client-behaviour.md#message-rate).
 */
export class SendRateLimiter {
  readonly #context: Pick<Context, 'rate' | 'wakeScheduler' | 'metrics'>;

  constructor(context: Pick<Context, 'rate' | 'wakeScheduler' | 'metrics'>) {
    this.#context = context;
  }

  /**
   * Whether the connection has to wait; if so, its `advance` is called once it may send.
   * @param now milliseconds of a monotonic clock
   */
  throttles(connection: Connection, now: number): boolean {
    const { rate, wakeScheduler, metrics } = this.#context;
    if (rate.unlimited) return false;
    const wait = rate.waitFor(connection.bucketFullAt, now);
    if (wait === 0) return false;
    if (wakeScheduler.wake(connection, wait)) metrics.throttled.inc({ reason: 'rate' });
    return true;
  }

  /** Takes a token for one message or command. */
  count(connection: Connection, now: number): void {
    const { rate } = this.#context;
    if (!rate.unlimited) connection.bucketFullAt = rate.take(connection.bucketFullAt, now);
  }
}
