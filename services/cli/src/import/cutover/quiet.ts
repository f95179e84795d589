import { setTimeout as sleep } from 'node:timers/promises';
import { messageTables } from '../copy/message-tables.js';
import type { LegacyDatabase } from '../legacy/mysql.js';
import { LegacyRedis } from '../legacy/redis.js';
import type { LegacyPlaces } from '../places.js';

/** What changes with every write to the old store. */
export type Mark = string;

const lookMs = 1_000;

interface Source {
  places: LegacyPlaces;
  legacy: LegacyDatabase;
}

/** Statements that write, the newest messages, and the writes to each Redis. */
export async function writeMark({ places, legacy }: Source): Promise<Mark> {
  const parts: unknown[] = await legacy.rows(
    `SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_insert', 'Com_update', 'Com_delete', 'Com_replace', 'Com_load')`,
  );
  for (const { name } of messageTables) {
    if (legacy.hasTable(name)) parts.push(await legacy.rows(`SELECT MAX(id) FROM ${name}`));
  }
  for (const url of new Set(Object.values(places.redis))) {
    const redis = await LegacyRedis.open(url);
    try {
      parts.push(await redis.writes());
    } finally {
      redis.close();
    }
  }
  return JSON.stringify(parts);
}

/**
 * Waits until nothing has been written for `quietMs`.
 *
 * @param until a time of `performance.now()`
 * @returns undefined when the time is over before
 */
export async function untilQuiet(source: Source, quietMs: number, until: number): Promise<Mark | undefined> {
  let mark = await writeMark(source);
  let since = performance.now();
  while (performance.now() < until) {
    if (performance.now() - since >= quietMs) return mark;
    await sleep(lookMs);
    const now = await writeMark(source);
    if (now === mark) continue;
    mark = now;
    since = performance.now();
  }
  return undefined;
}
