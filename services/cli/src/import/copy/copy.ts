import { Failure } from '../../failure.js';
import type { LegacyDatabase } from '../legacy/mysql.js';
import { Recordings } from '../legacy/recordings.js';
import type { LegacyPlaces } from '../places.js';
import type { Progress } from '../progress.js';
import type { TargetDatabase } from '../target/database.js';
import { leftOutTable } from '../target/left-out.js';
import { ImportState, sourceName } from '../target/state.js';
import type { Storage } from '../target/storage.js';
import {
  bringDepartments,
  bringDiscoveryItems,
  bringGroups,
  bringUsers,
  keepAdminAccounts,
  keptTables,
  moveIdentity,
} from './accounts.js';
import { countEmptyRelations, finishPartition } from './conversations.js';
import { fileTables, importImages } from './images.js';
import { messageTables } from './message-tables.js';
import { importOfflineFiles, recordOfflineFiles } from './offline-files.js';
import { paceOf } from './pace.js';
import { keepPositions, positionTables } from './positions.js';
import { bringDeviceTokens, prepareMembers, prepareSessions, sessionStaging } from './sessions.js';
import { messageStaging, stageMessages } from './stage-messages.js';
import { redisStaging, stageRedis } from './stage-redis.js';
import { stageTable, stagingTables } from './stage-tables.js';
import { type StagedTable, stagedTables } from './staged-tables.js';

const partitions = 16;
/** Tables that are read, and partitions that are finished, at a time. */
export const lanes = 2;

export interface CopyOptions {
  places: LegacyPlaces;
  legacy: LegacyDatabase;
  database: TargetDatabase;
  storage: Storage;
  /** how much of the time the source may be read, percent */
  maxLoad: number;
  progress: Progress;
}

/**
 * Copies a legacy installation into an empty new one. Every step is recorded in the transaction that does it: the same call
 * continues where an earlier one ended, however that was.
 *
 * @throws Failure that says what to do
 */
export async function copyInstallation(options: CopyOptions): Promise<void> {
  const { places, legacy, database, progress } = options;
  const state = new ImportState(database);
  await state.open(sourceName(places.mysql), [
    leftOutTable,
    ...stagingTables,
    ...keptTables,
    ...redisStaging,
    ...sessionStaging,
    ...messageStaging,
    ...positionTables,
    ...fileTables,
  ]);
  if (await state.isDone('finish')) return requireSameFolders(places, state);

  progress.begin('accounts, tables', 0);
  for (const table of Object.keys(stagedTables)) {
    await stageTable(legacy, state, table as StagedTable);
    progress.add(1);
  }
  progress.begin('state, Redis keys', 0);
  await stageRedis(places.redis, state, (count) => progress.add(count));
  progress.begin('accounts', 0);
  await state.once('departments', bringDepartments);
  await state.once('users', bringUsers);
  await state.once('groups', bringGroups);
  await state.once('discovery items', bringDiscoveryItems);
  await state.once('admin accounts', keepAdminAccounts);
  await state.once('device tokens', bringDeviceTokens);
  await state.once('sessions', prepareSessions);
  await state.once('members', prepareMembers);
  await copyMessages(options, state);
  await copyFiles(options, state);
  await state.once('finish', async (session) => {
    await countEmptyRelations(session);
    await moveIdentity(session, 'im_user');
    await keepPositions(session);
    // What was staged holds passwords, and is not needed any more.
    for (const table of await stagingLeft(session))
      await session.run(`DROP TABLE legacy_import.${table} CASCADE`);
    // From here on a crash of the database loses nothing.
    await session.run('SET LOCAL synchronous_commit = on');
  });
  for (const table of ['message', 'conversation', 'group_member', 'im_user', 'file_task']) {
    await database.rows(`ANALYZE ${table}`);
  }
  progress.end();
}

/** @throws Failure where a folder is named that the finished copy did not have */
async function requireSameFolders({ images, offlineFiles }: LegacyPlaces, state: ImportState): Promise<void> {
  const late: string[] = [];
  if (images !== undefined && !(await state.isDone('images'))) late.push('--images');
  if (offlineFiles !== undefined && !(await state.isDone('offline files'))) late.push('--offline-files');
  if (late.length === 0) return;
  throw new Failure(
    `this import was finished without ${late.join(' and ')}: begin with an empty database, and name every folder at once.`,
  );
}

async function copyMessages(
  { places, legacy, database, maxLoad, progress }: CopyOptions,
  state: ImportState,
) {
  const open: number[] = [];
  for (let part = 0; part < partitions; part++) {
    if (!(await state.isDone(`messages ${part}`))) open.push(part);
  }
  if (open.length > 0) {
    progress.begin('messages read', await countMessages(legacy));
    const recordings = new Recordings(legacy, places.images);
    await inLanes(messageTables, (table) =>
      stageMessages(table, {
        legacy,
        database,
        recordings,
        pace: paceOf(maxLoad),
        onRows: (count) => progress.add(count),
      }),
    );
    progress.begin('messages sorted, parts', partitions);
    progress.add(partitions - open.length);
    await inLanes(open, async (part) => {
      await state.once(`messages ${part}`, (session) => finishPartition(session, part));
      progress.add(1);
    });
  }
}

async function copyFiles({ places, database, storage, progress }: CopyOptions, state: ImportState) {
  const onFile = () => progress.add(1);
  if (places.images !== undefined && !(await state.isDone('images'))) {
    progress.begin('images, files', 0);
    await importImages({
      folder: places.images,
      database,
      store: storage.store,
      storageFolder: storage.folder,
      onFile,
    });
    await state.once('images', async () => {});
  }
  if (places.offlineFiles !== undefined) {
    progress.begin('offline files', 0);
    const left = await importOfflineFiles({
      folder: places.offlineFiles,
      database,
      store: storage.store,
      onFile,
    });
    await state.once('offline files', (session) => recordOfflineFiles(session, left));
  }
}

/** Nearly exact: rows are only ever inserted. */
async function countMessages(legacy: LegacyDatabase): Promise<number> {
  let count = 0;
  for (const { name } of messageTables) {
    if (!legacy.hasTable(name)) continue;
    const [row] = await legacy.rows<[number | null]>(`SELECT MAX(id) - MIN(id) + 1 FROM ${name}`);
    count += Number(row?.[0] ?? 0);
  }
  return count;
}

async function stagingLeft(session: {
  rows<R extends object>(sql: string): Promise<R[]>;
}): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(`
    SELECT relname AS name FROM pg_class WHERE relnamespace = 'legacy_import'::regnamespace AND relkind IN ('r', 'p')
      AND NOT relispartition AND (relname ~ '^(im|redis_)' OR relname IN ('message', 'staged', 'session', 'unread', 'member'))`);
  return rows.map(({ name }) => name);
}

async function inLanes<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
