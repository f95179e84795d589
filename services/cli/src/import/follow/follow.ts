import { Failure } from '../../failure.js';
import { importImages } from '../copy/images.js';
import { importOfflineFiles, recordOfflineFiles } from '../copy/offline-files.js';
import type { LegacyDatabase } from '../legacy/mysql.js';
import { Recordings } from '../legacy/recordings.js';
import type { LegacyPlaces } from '../places.js';
import type { TargetDatabase } from '../target/database.js';
import { ImportState, sourceName } from '../target/state.js';
import type { Storage } from '../target/storage.js';
import { arrivalTable } from './arrivals.js';
import { followMessages, rowsBehind } from './messages.js';
import { type RebuildSource, rebuildChanged } from './rebuild.js';
import { followState } from './state.js';

export interface FollowOptions {
  places: LegacyPlaces;
  legacy: LegacyDatabase;
  database: TargetDatabase;
  storage: Storage;
  /** whether to continue if Redis has lost its keys */
  redisLost?: boolean;
}

/** What a follower tells of itself. */
export interface FollowObserver {
  /** before messages are read: rows of messages that are not here yet */
  onBehind(rows: number): void;
  onMessages(rows: number): void;
  /** everything that was in the old tables of messages at this time, of `performance.now()`, is here */
  onMessagesUntil(time: number): void;
  onStateUntil(time: number): void;
}

/**
 * Keeps up with old servers that go on running, until `signal`: messages at once, everything else every `stateMs`.
 *
 * @throws Failure when a side goes away; the same call continues
 */
export async function follow(
  options: FollowOptions,
  { stateMs, signal, observer }: { stateMs: number; signal: AbortSignal; observer: FollowObserver },
): Promise<void> {
  await openFollower(options);
  let stateAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    await passMessages(options, observer, signal);
    if (performance.now() - stateAt >= stateMs) {
      stateAt = performance.now();
      await passState(options, observer);
      continue;
    }
    await options.legacy.pace.idle(idleMs, signal);
  }
}

/** Between two looks at the tables of messages. */
const idleMs = 500;

/**
 * Brings everything that the old store has now: messages, then the rest, whose counts are of these messages. With the old servers stopped
 * both sides are the same afterwards.
 */
export async function catchUp(options: FollowOptions, observer: FollowObserver): Promise<void> {
  await openFollower(options);
  await passMessages(options, observer);
  await passState(options, observer);
}

/** @throws Failure where nothing has been copied yet, from elsewhere, or with other folders */
async function openFollower({ places, database }: FollowOptions): Promise<void> {
  const state = new ImportState(database);
  await state.continue(sourceName(places));
  if (await state.isDone('cutover')) {
    throw new Failure('the new servers have taken over: what they wrote would be overwritten.');
  }
  const hasPositions = await database.rows(
    `SELECT FROM pg_class WHERE oid = to_regclass('legacy_import.followed')`,
  );
  if (hasPositions.length === 0) {
    throw new Failure(
      'this import was copied by a version that does not follow: begin with an empty database.',
    );
  }
  for (const [step, folder, option] of [
    ['images', places.images, '--images'],
    ['offline files', places.offlineFiles, '--offline-files'],
  ] as const) {
    if ((await state.isDone(step)) === (folder !== undefined)) continue;
    throw new Failure(
      folder === undefined
        ? `the copy was made with ${option}: name the same folder`
        : `the copy was made without ${option}: begin with an empty database, and name every folder at once.`,
    );
  }
  await database.rows(arrivalTable);
}

/**
 * Rebuilds conversations whose messages have since been deleted in the old store; call `catchUp` afterwards.
 *
 * @returns number of rebuilt conversations
 */
export async function rebuildDeleted(options: FollowOptions): Promise<number> {
  await openFollower(options);
  return rebuildChanged(sourceOf(options));
}

async function passMessages(
  options: FollowOptions,
  observer: FollowObserver,
  signal?: AbortSignal,
): Promise<void> {
  const begin = performance.now();
  observer.onBehind(await rowsBehind(options));
  await followMessages(
    { ...sourceOf(options), onRows: (count: number) => observer.onMessages(count) },
    signal,
  );
  if (!signal?.aborted) observer.onMessagesUntil(begin);
}

function sourceOf({ places, legacy, database }: FollowOptions): RebuildSource {
  return { legacy, database, recordings: new Recordings(legacy, places.images) };
}

async function passState(options: FollowOptions, observer: FollowObserver): Promise<void> {
  const begin = performance.now();
  await followState(options, () => followFiles(options));
  observer.onStateUntil(begin);
}

async function followFiles({ places, legacy, database, storage }: FollowOptions): Promise<void> {
  const into = { database, store: storage.store, storageFolder: storage.folder, pace: legacy.pace };
  if (places.images !== undefined) await importImages({ ...into, folder: places.images });
  if (places.offlineFiles === undefined) return;
  const left = await importOfflineFiles({ ...into, folder: places.offlineFiles });
  const fetched = await database.transaction(async (session) => {
    await session.run(
      `DELETE FROM legacy_import.left_out WHERE name = 'IMTransmitFile' AND reason <> 'other-project'`,
    );
    await recordOfflineFiles(session, left);
    return session.rows<{ key: string | null }>(`
      WITH over AS (
        DELETE FROM file_task f WHERE NOT EXISTS (
          SELECT FROM legacy_import.imtransmitfile t WHERE t.taskid = f.id AND t.status = 0)
        RETURNING f.id
      )
      SELECT p.key FROM over o JOIN file_part p ON p.task_id = o.id`);
  });
  for (const { key } of fetched) if (key !== null) await storage.store.delete(key);
}
