import { setTimeout as delay } from 'node:timers/promises';

const drainIntervalMs = 50;
/** Longest time between two ends: with few connections a drain is shorter than its spread. */
const drainSpacingMs = 10;
/** Time that destroyed connections have to report their end, milliseconds. */
const destroyMs = 1_000;

export interface DrainOptions<Connection> {
  /** Time over which the connections are ended, milliseconds. */
  spreadMs: number;
  /** Time they have to close after that, milliseconds. */
  graceMs: number;
  /** Ends a connection gracefully. */
  end(connection: Connection): void;
  destroy(connection: Connection): void;
}

/** The open connections of a listener. */
export class OpenConnections<Connection> {
  readonly #connections = new Set<Connection>();
  #emptied: (() => void) | undefined;

  get size(): number {
    return this.#connections.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#connections.values();
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  /** To be called when a connection has closed. */
  delete(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  /** Ends all connections, evenly over at most `spreadMs`, and destroys those that have not closed `graceMs` later. */
  async drain({ spreadMs, graceMs, end, destroy }: DrainOptions<Connection>): Promise<void> {
    const connections = [...this.#connections];
    const ms = Math.min(spreadMs, connections.length * drainSpacingMs);
    const rounds = Math.max(1, Math.ceil(ms / drainIntervalMs));
    const share = Math.ceil(connections.length / rounds);
    for (let i = 0; i < connections.length; i += share) {
      for (const connection of connections.slice(i, i + share)) end(connection);
      if (i + share < connections.length) await delay(drainIntervalMs);
    }
    await this.#untilEmpty(graceMs);
    for (const connection of this.#connections) destroy(connection);
    await this.#untilEmpty(destroyMs);
  }

  async #untilEmpty(ms: number): Promise<void> {
    if (this.#connections.size === 0) return;
    const cancel = new AbortController();
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#emptied = resolve;
      }),
      delay(ms, undefined, { signal: cancel.signal }).catch(() => {}),
    ]);
    cancel.abort();
    this.#emptied = undefined;
  }
}
