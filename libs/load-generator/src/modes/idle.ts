import { encodeRawPdu } from '@teamtalk/protocol';
import { clock } from '../connection.js';
import { Latency } from '../latency.js';
import { Measurement } from '../measurement.js';
import type { LoadOptions } from '../options.js';
import { Pacer } from '../pacer.js';
import { Pool } from '../pool.js';
import { UsageWatch } from '../process-usage.js';
import type { LoadResult } from '../result.js';
import { Id } from '../wire.js';

export interface IdleOptions extends LoadOptions {
  /** seconds between two heartbeats of one connection */
  heartbeat: number;
}

/** Connections that log in and then only send heartbeats, spread evenly. */
export async function runIdle(options: IdleOptions): Promise<LoadResult> {
  const { watch, seconds, warmup, heartbeat } = options;
  const pool = new Pool(options);
  const usage = new UsageWatch(watch);
  const before = usage.sample();
  try {
    await pool.logInAll();
    const latency = new Latency();
    const measurement = new Measurement(watch, seconds, { heartbeat: latency });
    const online = pool.connections.filter(({ loggedIn }) => loggedIn);
    const due = new Float64Array(pool.connections.length);
    const beat = encodeRawPdu(Id.Heartbeat, new Uint8Array(0), 0);
    const rate = online.length / heartbeat;
    let answered = 0;
    pool.frames = {
      frame: (connection, commandId) => {
        if (commandId !== Id.Heartbeat) return;
        answered++;
        const dueAt = due[connection.index]!;
        if (measurement.includes(dueAt)) latency.record(clock.now - dueAt);
      },
    };
    const pacer = new Pacer({
      rate,
      total: Math.ceil(rate * (warmup + seconds)),
      send: (k, dueAt) => {
        const connection = online[k % online.length]!;
        due[connection.index] = dueAt;
        connection.write(beat);
      },
    });
    const beating = pacer.run();
    measurement.begin(pacer.start, warmup);
    await beating;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, measurement.to - performance.now()) + 50));
    const measured = measurement.end();
    const figures: Record<string, number> = { connections: online.length };
    for (const [name, { rssMib }] of Object.entries(measured.usage)) {
      const grown = rssMib - (before.usage.get(name)?.rssMib ?? 0);
      figures[`${name} KiB a connection`] = Number(((grown * 1024) / online.length).toFixed(2));
    }
    return {
      mode: 'idle',
      wantedRate: rate,
      ...measured,
      rates: { heartbeats: answered / (warmup + seconds) },
      connections: pool.counts,
      figures,
    };
  } finally {
    pool.closeAll();
  }
}
