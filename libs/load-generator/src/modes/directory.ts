import { HttpClients, httpRequest } from '../http-connection.js';
import { Latency } from '../latency.js';
import { Measurement } from '../measurement.js';
import type { LoadOptions } from '../options.js';
import { Pacer } from '../pacer.js';
import { emptyCounts } from '../pool.js';
import type { LoadResult } from '../result.js';

export interface DirectoryOptions extends LoadOptions {
  /** requests a second; 0: each connection sends the next one when it has the answer */
  rate: number;
  /** false: a new connection for each request, as clients do */
  keepAlive: boolean;
}

/** `GET /msg_server`, over `users` connections to the first of `servers`, a login_server. */
export async function runDirectory(options: DirectoryOptions): Promise<LoadResult> {
  const { rate, keepAlive, users, seconds, warmup, watch, servers } = options;
  const endpoint = servers[0]!;
  const latency = new Latency();
  const measurement = new Measurement(watch, seconds, { answer: latency });
  const request = httpRequest('/msg_server', endpoint);
  const total = rate > 0 ? Math.ceil(rate * (warmup + seconds)) : 0;
  const due: number[] = [];
  let good = 0;
  let bad = 0;
  let goodInTime = 0;
  let ending = false;
  const send = (k: number, dueAt: number) => {
    due[k] = dueAt;
    clients.send(request, k);
  };
  const clients = new HttpClients(endpoint, users, keepAlive, (k, status, body) => {
    const now = performance.now();
    if (status === 200 && body.includes('"code":0')) good++;
    else bad++;
    if (measurement.includes(now)) goodInTime++;
    if (measurement.includes(due[k]!)) latency.record(now - due[k]!);
    if (rate === 0 && !ending) send(k, now);
  });
  try {
    const pacer = new Pacer({ rate, total, send });
    const start = performance.now();
    measurement.begin(start, warmup);
    if (rate > 0) await pacer.run();
    else for (let k = 0; k < users; k++) send(k, start);
    await new Promise((resolve) => setTimeout(resolve, measurement.to - performance.now() + 50));
    ending = true;
    return {
      mode: 'directory',
      wantedRate: rate,
      ...measurement.end(),
      rates: { answers: goodInTime / seconds },
      connections: emptyCounts(),
      figures: { good, bad },
    };
  } finally {
    clients.close();
  }
}
