import type { LoadConnection } from '../connection.js';
import { Latency } from '../latency.js';
import { Measurement } from '../measurement.js';
import type { LoadOptions } from '../options.js';
import { Pool } from '../pool.js';
import type { LoadResult } from '../result.js';

export interface StormOptions extends LoadOptions {
  /** seconds after which a client that is not back counts as failed */
  patience: number;
}

/** How long a client waits before it connects again, ms; random, so that they do not come all at once. */
const retryMs = () => 500 + Math.random() * 1000;

/**
 * Logs all clients in, then breaks all connections at the same moment; every client reconnects immediately and retries
 * until it is back.
 */
export async function runStorm(options: StormOptions): Promise<LoadResult> {
  const { watch, patience, say } = options;
  const pool = new Pool(options);
  const back = new Latency();
  const measurement = new Measurement(watch, options.seconds, { back });
  let attempts = 0;
  try {
    await pool.logInAll();
    const clients = pool.connections.filter(({ loggedIn }) => loggedIn);
    await cut(pool, clients);
    say(`${clients.length} connections cut`);
    const failedBefore = pool.counts.failed;
    const start = performance.now();
    let waiting = clients.length;
    let lastAt = start;
    const retries = new Set<NodeJS.Timeout>();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience * 1000);
      const dial = (connection: LoadConnection) => {
        attempts++;
        pool.logIn(connection, performance.now());
      };
      const again = (connection: LoadConnection) => {
        const retry = setTimeout(() => {
          retries.delete(retry);
          if (connection.isOpen) again(connection);
          else dial(connection);
        }, retryMs());
        retries.add(retry);
      };
      pool.onLogin = (connection, ok) => {
        if (!ok) return again(connection);
        lastAt = performance.now();
        back.record(lastAt - start);
        waiting--;
        if (waiting === 0) {
          clearTimeout(timer);
          resolve();
        }
      };
      measurement.begin(start, 0);
      for (const connection of clients) dial(connection);
    });
    for (const retry of retries) clearTimeout(retry);
    const failedAttempts = pool.counts.failed - failedBefore;
    // Single attempts may fail: only clients that are not back in the end count as failed.
    pool.counts.failed = failedBefore + waiting;
    const measured = measurement.endNow(lastAt);
    return {
      mode: 'storm',
      wantedRate: 0,
      ...measured,
      rates: { back: (clients.length - waiting) / measured.seconds },
      connections: pool.counts,
      figures: { clients: clients.length, notBack: waiting, attempts, failedAttempts },
    };
  } finally {
    pool.closeAll();
  }
}

/** Closes all, and waits until each is closed here. */
async function cut(pool: Pool, clients: readonly LoadConnection[]): Promise<void> {
  let open = clients.length;
  await new Promise<void>((resolve) => {
    pool.frames = {
      closed: () => {
        open--;
        if (open === 0) resolve();
      },
    };
    for (const connection of clients) connection.close();
  });
  pool.frames = {};
}
