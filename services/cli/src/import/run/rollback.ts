import { note } from '../../output.js';
import { stopOrder } from '../cutover/cutover.js';
import type { LegacyPlaces } from '../places.js';
import { rollBack } from '../rollback/rollback.js';
import type { ImportSession } from './session.js';

export interface RollbackSettings {
  places: LegacyPlaces;
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

/** Writes back until SIGINT or SIGTERM, or once. */
export async function runRollback(
  session: ImportSession,
  { writeMysql, every, once }: Omit<RollbackSettings, 'places'>,
): Promise<RollbackResult> {
  const stop = new AbortController();
  const end = () => stop.abort();
  if (once) end();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  let messages = 0;
  let notedAt = performance.now();
  const observer = {
    onMessages: (count: number) => {
      messages += count;
    },
    onReturnedUntil: () => {
      if (performance.now() - notedAt < 10_000) return;
      notedAt = performance.now();
      note(`writing back: ${messages.toLocaleString('en')} messages so far`);
    },
  };
  try {
    const notReturned = await session.database.alone(() =>
      rollBack({ ...session, writeMysql }, { everyMs: every * 1_000, signal: stop.signal, observer }),
    );
    return {
      messages,
      notReturned: Object.fromEntries(notReturned),
      next: once ? [`start the old servers: ${[...stopOrder].reverse().join(', ')}`] : [],
    };
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
  }
}
