import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../failure.js';
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
import { requireStopped } from './stopped.js';
import { returnDeviceTokens } from './tokens.js';

export interface RollbackOptions {
  places: LegacyPlaces;
  database: TargetDatabase;
  storage: Storage;
  /** mysql://… of an account that may write to the old database */
  writeMysql: string;
}

export interface RollbackObserver {
  /** a pass has succeeded */
  onPass(): void;
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
      await requireStopped(database, writer);
      observer.onPass();
      await returnRows(database, writer, places.project);
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
  } catch (error) {
    if (error instanceof Failure || !isOfRedis(error as Error)) throw error;
    throw new Failure(
      `the old Redis does not answer (${(error as Error).message}). Nothing is lost: the same command continues.`,
      { cause: error },
    );
  } finally {
    await writer.close();
  }
}

function isOfRedis({ name, message }: Error): boolean {
  return (
    name === 'MaxRetriesPerRequestError' || /Connection is closed|connect E|Command timed out/.test(message)
  );
}

async function requireTakenOver(database: TargetDatabase, places: LegacyPlaces): Promise<void> {
  const state = new ImportState(database);
  await state.continue(sourceName(places));
  if (await state.isDone(takenOverStep)) return;
  throw new Failure('the new servers have not taken over: `teamtalk import cutover` comes first.');
}

/** What the URLs of the old msfs begin with, as its newest recording has it. */
async function imageUrlOf(writer: LegacyWriter): Promise<string> {
  const [newest] = await writer
    .rows<{ path: string }>(`SELECT path FROM IMAudio WHERE path LIKE 'http%/g0/%' ORDER BY id DESC LIMIT 1`)
    .catch(() => []);
  return newest ? newest.path.slice(0, newest.path.indexOf('/g0/') + 1) : 'http://127.0.0.1:8700/';
}
