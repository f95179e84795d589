import type { Connection } from '../connection/connection.js';
import type { Context } from '../context.js';

/**
 * How many messages and commands to other users a connection may send in a second. A faster one is read more
 * slowly; nothing is dropped (protocol notes, section 4).
 */
export class Pace {
  readonly #context: Pick<Context, 'rate' | 'throttle' | 'metrics'>;

  constructor(context: Pick<Context, 'rate' | 'throttle' | 'metrics'>) {
    this.#context = context;
  }

  /**
   * Whether the connection has to wait; its `advance` is called when it need not any more.
   * @param now milliseconds of a monotonic clock
   */
  holds(connection: Connection, now: number): boolean {
    const { rate, throttle, metrics } = this.#context;
    if (rate.unlimited) return false;
    const wait = rate.waitFor(connection.bucketFullAt, now);
    if (wait === 0) return false;
    if (throttle.wake(connection, wait)) metrics.held.inc({ reason: 'rate' });
    return true;
  }

  /** Counts one that is sent. */
  count(connection: Connection, now: number): void {
    const { rate } = this.#context;
    if (!rate.unlimited) connection.bucketFullAt = rate.take(connection.bucketFullAt, now);
  }
}
