import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../failure.js';
import { note } from '../../output.js';
import { stopOrder } from '../cutover/cutover.js';
import type { NotReturned } from '../rollback/messages.js';
import { rollBack } from '../rollback/rollback.js';
import { OtherStore } from '../rollback/stopped.js';
import type { ImportSession } from './session.js';
import { untilBroken } from './until-broken.js';

const retryMs = 5_000;

export interface RollbackSettings {
  writeMysql: string;
  /** seconds between two passes */
  every: number;
  once: boolean;
}

/** What a rollback has done, and what is left to do by hand. */
export interface RollbackResult {
  messages: number;
  notReturned: Record<string, number>;
  next: string[];
}

/** Writes back once, or until SIGINT or SIGTERM, through outages of either side. */
export async function runRollback(
  session: ImportSession,
  { writeMysql, every, once }: RollbackSettings,
): Promise<RollbackResult> {
  const stop = new AbortController();
  const end = () => stop.abort();
  if (once) end();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  let messages = 0;
  let hasBegun = false;
  let notedAt = performance.now();
  const observer = {
    onMessages: (count: number) => {
      messages += count;
    },
    onPass: () => {
      hasBegun = true;
    },
    onReturnedUntil: () => {
      if (performance.now() - notedAt < 10_000) return;
      notedAt = performance.now();
      note(`writing back: ${messages.toLocaleString('en')} messages so far`);
    },
  };
  const passes = () =>
    untilBroken(session, stop.signal, (signal) =>
      rollBack({ ...session, writeMysql }, { everyMs: every * 1_000, signal, observer }),
    );
  try {
    let notReturned: NotReturned | undefined;
    while (notReturned === undefined) {
      notReturned = await passes().catch(async (error: unknown) => {
        const mayPass = error instanceof Failure && !(error instanceof OtherStore);
        if (!mayPass || !hasBegun || stop.signal.aborted) throw error;
        note(error.message);
        await sleep(retryMs, undefined, { signal: stop.signal }).catch(() => {});
        return undefined;
      });
    }
    return {
      messages,
      notReturned: Object.fromEntries(notReturned),
      next: once ? [`start the old servers: ${[...stopOrder].reverse().join(', ')}`] : [],
    };
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
  }
}
