import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../failure.js';
import { messageTables } from '../copy/message-tables.js';
import { takenOverStep } from '../cutover/cutover.js';
import { LegacyWriter } from '../legacy/writer.js';
import type { LegacyPlaces } from '../places.js';
import type { TargetDatabase } from '../target/database.js';
import { ImportState, sourceName } from '../target/state.js';
import type { Storage } from '../target/storage.js';
import { returnImages } from './images.js';
import { returnMembers } from './members.js';
import { type NotReturned, type ReturnOptions, returnedTable, returnMessages } from './messages.js';
import { returnNumbers } from './numbers.js';
import { returnOfflineFiles } from './offline-files.js';
import { returnedRows, returnRows } from './rows.js';
import { returnSessions } from './sessions.js';
import { returnDeviceTokens } from './tokens.js';

export interface RollbackOptions {
  places: LegacyPlaces;
  database: TargetDatabase;
  storage: Storage;
  /** mysql://… of an account that may write to the old database */
  writeMysql: string;
}

export interface RollbackObserver {
  onMessages(count: number): void;
  /** everything that was here at this time, of `performance.now()`, is in the old store */
  onReturnedUntil(time: number): void;
}

/**
 * Writes what happens on the new servers back into the old store, so that the old servers can be started with nothing lost: until `signal`,
 * or once. Repeating it changes nothing.
 *
 * @returns what the old store has no place for, counted
 * @throws Failure when the new servers have not taken over, the old ones run, or a side goes away; the same call continues
 */
export async function rollBack(
  options: RollbackOptions,
  { everyMs, signal, observer }: { everyMs: number; signal: AbortSignal; observer: RollbackObserver },
): Promise<NotReturned> {
  const { database, places } = options;
  await requireTakenOver(database, places);
  const writer = await LegacyWriter.open(options.writeMysql, places.redis);
  const notReturned: NotReturned = new Map();
  try {
    await requireStopped(database, writer);
    await writer.run(returnedTable);
    await database.rows(returnedRows);
    await returnNumbers(database, writer);
    const work: ReturnOptions = {
      database,
      writer,
      images: places.images,
      imageUrl: await imageUrlOf(writer),
    };
    do {
      const begin = performance.now();
      await returnRows(database, writer);
      observer.onMessages(await returnMessages(work, notReturned));
      await returnMembers(database, writer);
      await returnSessions(database, writer);
      await returnDeviceTokens(database, writer);
      await returnOfflineFiles(
        { ...work, storage: options.storage, folder: places.offlineFiles },
        notReturned,
      );
      if (places.images !== undefined) await returnImages(database, options.storage, places.images);
      observer.onReturnedUntil(begin);
      if (!signal.aborted) await sleep(everyMs, undefined, { signal }).catch(() => {});
    } while (!signal.aborted);
    return notReturned;
  } finally {
    await writer.close();
  }
}

async function requireTakenOver(database: TargetDatabase, { mysql }: LegacyPlaces): Promise<void> {
  const state = new ImportState(database);
  await state.continue(sourceName(mysql));
  if (await state.isDone(takenOverStep)) return;
  throw new Failure('the new servers have not taken over: `teamtalk import cutover` comes first.');
}

/** @throws Failure where the old store has messages from after the cutover that are not written by this */
async function requireStopped(database: TargetDatabase, writer: LegacyWriter): Promise<void> {
  const [begun] = await writer.rows(`SHOW TABLES LIKE 'teamtalk_returned'`);
  if (begun) return;
  const positions = await database.rows<{ table_name: string; last: number }>(
    `SELECT table_name, greatest(settled, seen[cardinality(seen)])::float8 AS last FROM legacy_import.followed`,
  );
  const lastOf = new Map(positions.map(({ table_name: name, last }) => [name, last]));
  for (const { name } of messageTables) {
    const rows = await writer
      .rows<{ last: number | null }>(`SELECT MAX(id) AS last FROM ${name}`)
      .catch(() => []);
    if ((rows[0]?.last ?? -1) <= Math.max(-1, lastOf.get(name) ?? -1)) continue;
    throw new Failure(
      `${name} has messages from after the cutover: the old servers have run since. Both sides have messages now that the other lacks; nothing was written.`,
    );
  }
}

/** What the URLs of the old msfs begin with, as its newest recording has it. */
async function imageUrlOf(writer: LegacyWriter): Promise<string> {
  const [newest] = await writer
    .rows<{ path: string }>(`SELECT path FROM IMAudio WHERE path LIKE 'http%/g0/%' ORDER BY id DESC LIMIT 1`)
    .catch(() => []);
  return newest ? newest.path.slice(0, newest.path.indexOf('/g0/') + 1) : 'http://127.0.0.1:8700/';
}
