import { Health, startOpsServer } from '@teamtalk/service-kit';
import { Failure } from '../../failure.js';
import { clearProgress, note } from '../../output.js';
import { catchUp, follow, rebuildDeleted } from '../follow/follow.js';
import { Lag } from './lag.js';
import type { ImportSession } from './session.js';
import { verifyImport } from './steps.js';
import { untilBroken } from './until-broken.js';

const retryMs = 5_000;

export interface FollowSettings {
  /** whether to continue if Redis has lost its keys */
  redisLost: boolean;
  /** seconds between two readings of everything that is no message */
  stateEvery: number;
  /** time of the daily comparison, minutes after local midnight; undefined: never */
  compareAt: number | undefined;
  /** where /metrics is served; undefined: nowhere */
  metrics: { host: string; port: number } | undefined;
  /** stop once everything is here that was there at the start */
  once: boolean;
}

/** Keeps up with the old servers until SIGINT or SIGTERM, whatever goes away meanwhile. */
export async function followOldServers(
  session: ImportSession,
  { redisLost, stateEvery, compareAt, metrics, once }: FollowSettings,
): Promise<void> {
  const lag = new Lag(session.record);
  const options = { ...session, redisLost };
  if (once) {
    await session.database.alone(async () => {
      await rebuildDeleted(options);
      await catchUp(options, lag);
    });
    lag.end();
    return;
  }
  const stop = new AbortController();
  const end = () => {
    stop.abort();
    // Lets work in progress finish without pauses.
    session.legacy.pace.lift();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  const ops = metrics && (await startOpsServer(metrics, new Health(), lag.metrics));
  try {
    while (!stop.signal.aborted) {
      await untilCompared(stop.signal, compareAt, async (signal, isDue) => {
        await untilBroken(session, signal, (until) =>
          follow(options, { stateMs: stateEvery * 1_000, signal: until, observer: lag }),
        );
        if (isDue()) await untilBroken(session, stop.signal, () => compare(session, options, lag));
      }).catch(async (error: unknown) => {
        if (!(error instanceof Failure) || !lag.hasBegun) throw error;
        lag.onFailure(error);
        await session.legacy.pace.idle(retryMs, stop.signal);
      });
    }
  } finally {
    lag.end();
    await ops?.stop();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
  }
}

/** Changes made during the comparison show up as unexplained, so it should run at night. */
async function compare(
  session: ImportSession,
  options: Parameters<typeof catchUp>[0],
  lag: Lag,
): Promise<void> {
  await rebuildDeleted(options);
  await catchUp(options, lag);
  const { unexplained } = await verifyImport(session);
  lag.onCompared(unexplained);
  clearProgress();
  note(`compared both sides: ${unexplained} unexplained; \`teamtalk import report\` has the samples`);
}

/** Runs `work` until `stop`, or until the daily comparison is due; `isDue` tells which. */
async function untilCompared(
  stop: AbortSignal,
  compareAt: number | undefined,
  work: (signal: AbortSignal, isDue: () => boolean) => Promise<void>,
): Promise<void> {
  const either = new AbortController();
  const end = () => either.abort();
  const timer = compareAt === undefined ? undefined : setTimeout(end, msUntil(compareAt, new Date()));
  if (stop.aborted) end();
  stop.addEventListener('abort', end);
  try {
    await work(either.signal, () => either.signal.aborted && !stop.aborted);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', end);
  }
}

/** Milliseconds until the next time it is `minutes` after local midnight; never the current minute. */
export function msUntil(minutes: number, now: Date): number {
  const at = new Date(now);
  at.setHours(0, minutes, 0, 0);
  if (at <= now) at.setDate(at.getDate() + 1);
  return at.getTime() - now.getTime();
}
