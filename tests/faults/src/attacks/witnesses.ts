import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type TestCluster, testPassword } from '@teamtalk/cluster';
import { type Figures, witnessName } from './attack.js';
import type { Noticed, Watched } from './times.js';

/** How long witnesses are looked at before the attack, and at least during it, milliseconds. */
const watchedMs = 8_000;

/** What others notice of an attack, as figures of its report. */
export async function withWitnesses(cluster: TestCluster, attack: () => Promise<Figures>): Promise<Figures> {
  const seen = await witnessed(cluster, attack);
  return { ...seen.figures, ...timesOf(seen) };
}

/** As figures of a report. */
export function timesOf({ quiet, loud }: Witnessed): Figures {
  return {
    'messages p99, ms': `${quiet.messages} -> ${loud.messages}`,
    'logins p99, ms': `${quiet.logins} -> ${loud.logins}`,
  };
}

export interface Witnessed {
  figures: Figures;
  quiet: Noticed;
  /** while the attack went on */
  loud: Noticed;
}

/**
 * What others notice of an attack: how long a login and the way of a message to its receiver take, first in quiet, then
 * while the attack goes on. What fails counts as 10 s.
 */
export async function witnessed(cluster: TestCluster, attack: () => Promise<Figures>): Promise<Witnessed> {
  const { reader } = await cluster.addUsers(['reader', 'writer']);
  const workerData: Watched = {
    port: cluster.port('msg_server', 0, 'client'),
    loginServer: cluster.port('login_server', 0, 'http'),
    password: testPassword,
    reader: { name: 'reader', id: reader },
    writer: { name: 'writer' },
    loginName: witnessName,
  };
  const worker = new Worker(new URL('./witness-worker.js', import.meta.url), { workerData });
  await once(worker, 'message');
  const quiet = await noticed(worker, () => delay(watchedMs));
  let figures: Figures = {};
  const loud = await noticed(worker, async () => {
    const least = delay(watchedMs);
    figures = await attack();
    await least;
  });
  await worker.terminate();
  return { figures, quiet, loud };
}

async function noticed(worker: Worker, meanwhile: () => Promise<unknown>): Promise<Noticed> {
  worker.postMessage('watch');
  await meanwhile();
  const told = once(worker, 'message');
  worker.postMessage('tell');
  const [answer] = (await told) as [Noticed];
  return answer;
}

export async function logInOnce(cluster: TestCluster): Promise<void> {
  (await cluster.logInRaw(witnessName, { deadlineMs: 10_000 })).close();
}
