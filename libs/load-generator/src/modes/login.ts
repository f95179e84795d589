import { Latency } from '../latency.js';
import { Measurement } from '../measurement.js';
import type { LoadOptions } from '../options.js';
import { Pacer } from '../pacer.js';
import { Pool } from '../pool.js';
import type { LoadResult } from '../result.js';

export interface LoginOptions extends LoadOptions {
  /** logins a second; 0: `concurrency` at a time, as fast as they are answered */
  rate: number;
  /** how many in all; when every user has logged in, the first one does so again */
  total: number;
  /** false: each connection is closed as soon as its login is answered */
  keep: boolean;
}

/** Logins, each over a connection of its own. */
export async function runLogin(options: LoginOptions): Promise<LoadResult> {
  const { total, rate, keep, concurrency, watch } = options;
  const latency = new Latency();
  const pool = new Pool(options, keep ? total : Math.min(total, options.users));
  // Ends with the last answer, since all logins count.
  const measurement = new Measurement(watch, options.seconds, { login: latency });
  const due = new Float64Array(total);
  let finished = 0;
  let ok = 0;
  let next = 0;
  let lastAt = 0;
  const loginsOf = (k: number) => pool.connections[k % pool.connections.length]!;
  const numberOf = new Int32Array(pool.connections.length);
  try {
    await new Promise<void>((resolve) => {
      const start = (k: number, dueAt: number) => {
        const connection = loginsOf(k);
        numberOf[connection.index] = k;
        due[k] = dueAt;
        pool.logIn(connection, dueAt);
      };
      const more = () => {
        while (rate === 0 && next < total && next - finished < concurrency && !loginsOf(next).isOpen) {
          start(next++, performance.now());
        }
      };
      pool.onLogin = (connection, success) => {
        lastAt = performance.now();
        finished++;
        if (success) {
          ok++;
          latency.record(lastAt - due[numberOf[connection.index]!]!);
          if (!keep) connection.close();
        }
        if (finished >= total) resolve();
        else more();
      };
      pool.frames = { closed: more };
      measurement.begin(performance.now(), 0);
      if (rate > 0) void new Pacer({ rate, total, send: start }).run();
      else more();
    });
    const measured = measurement.endNow(lastAt);
    return {
      mode: 'login',
      wantedRate: rate,
      ...measured,
      rates: { logins: ok / measured.seconds },
      connections: pool.counts,
    };
  } finally {
    pool.closeAll();
  }
}
