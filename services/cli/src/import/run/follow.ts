import { setTimeout as sleep } from 'node:timers/promises';
import { Health, startOpsServer } from '@teamtalk/service-kit';
import { Failure } from '../../failure.js';
import { catchUp, follow } from '../follow/follow.js';
import { Lag } from './lag.js';
import type { ImportSession } from './session.js';

const retryMs = 5_000;

export interface FollowSettings {
  maxLoad: number;
  /** seconds between two readings of everything that is no message */
  stateEvery: number;
  /** where /metrics is served; undefined: nowhere */
  metrics: { host: string; port: number } | undefined;
  /** stop once everything is here that was there at the start */
  once: boolean;
}

/** Keeps up with the old servers until SIGINT or SIGTERM, whatever goes away meanwhile. */
export async function followOldServers(
  session: ImportSession,
  { maxLoad, stateEvery, metrics, once }: FollowSettings,
): Promise<void> {
  const lag = new Lag();
  const options = { ...session, maxLoad };
  if (once) {
    await session.database.alone(() => catchUp(options, lag));
    lag.end();
    return;
  }
  const stop = new AbortController();
  const end = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  const ops = metrics && (await startOpsServer(metrics, new Health(), lag.metrics));
  try {
    while (!stop.signal.aborted) {
      await untilBroken(session, stop.signal, (signal) =>
        follow(options, { stateMs: stateEvery * 1_000, signal, observer: lag }),
      ).catch(async (error: unknown) => {
        if (!(error instanceof Failure) || !lag.hasBegun) throw error;
        lag.onFailure(error);
        await sleep(retryMs, undefined, { signal: stop.signal }).catch(() => {});
      });
    }
  } finally {
    lag.end();
    await ops?.stop();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
  }
}

/** Runs `work` under the importer's lock; when that is lost, `work` has ended before this rejects. */
async function untilBroken(
  { database }: ImportSession,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const end = () => stop.abort();
  signal.addEventListener('abort', end);
  let running: Promise<void> | undefined;
  try {
    await database.alone(() => {
      running = work(stop.signal);
      return running;
    });
  } finally {
    end();
    signal.removeEventListener('abort', end);
    await running?.catch(() => {});
  }
}
