import { Failure } from '../../failure.js';
import { inLanes } from '../../in-lanes.js';
import type { LegacyDatabase } from '../legacy/mysql.js';
import { Recordings } from '../legacy/recordings.js';
import type { LegacyPlaces } from '../places.js';
import type { Progress } from '../progress.js';
import type { TargetDatabase } from '../target/database.js';
import { leftOutTable } from '../target/left-out.js';
import { lanesFor, partitions } from '../target/partitions.js';
import { requireRoom, roomToNumber } from '../target/room.js';
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
import { audited } from './audited.js';
import { countEmptyRelations, finishPartition } from './conversations.js';
import { fileTables, importImages } from './images.js';
import { messageTables } from './message-tables.js';
import { importOfflineFiles, recordOfflineFiles } from './offline-files.js';
import { keepPositions, positionTables } from './positions.js';
import { leaveOutOtherProjects, otherProjectTable } from './projects.js';
import { bringDeviceTokens, prepareMembers, prepareSessions, sessionStaging } from './sessions.js';
import { messageStaging, stagedRows, stageMessages } from './stage-messages.js';
import { redisStaging, seenPoolTable, stageRedis } from './stage-redis.js';
import { stageTable, stagingTables } from './stage-tables.js';
import { type StagedTable, stagedTables } from './staged-tables.js';

export interface CopyOptions {
  places: LegacyPlaces;
  legacy: LegacyDatabase;
  database: TargetDatabase;
  storage: Storage;
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
  const source = sourceName(places);
  await state.open(source, [
    leftOutTable,
    ...stagingTables,
    ...keptTables,
    ...redisStaging,
    seenPoolTable,
    ...sessionStaging,
    ...messageStaging,
    ...positionTables,
    ...fileTables,
    otherProjectTable,
  ]);
  if (await state.isDone('finish')) return requireSameFolders(places, state);

  progress.begin('accounts-read', 0);
  for (const table of Object.keys(stagedTables)) {
    await stageTable(legacy, state, table as StagedTable);
    progress.add(1);
  }
  progress.begin('state', 0);
  await stageRedis(state, {
    places: places.redis,
    pace: legacy.pace,
    onKeys: (count) => progress.add(count),
  });
  await state.once('other projects', (session) => leaveOutOtherProjects(session, legacy));
  progress.begin('accounts', 0);
  const administered = {
    departments: bringDepartments,
    users: bringUsers,
    groups: bringGroups,
    'discovery items': bringDiscoveryItems,
  };
  for (const [what, bring] of Object.entries(administered)) {
    await legacy.pace.rest();
    await state.once(what, audited(source, what, bring));
  }
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

async function copyMessages({ places, legacy, database, progress }: CopyOptions, state: ImportState) {
  const { pace } = legacy;
  const together = lanesFor(pace);
  const open: number[] = [];
  for (let part = 0; part < partitions; part++) {
    if (!(await state.isDone(`messages ${part}`))) open.push(part);
  }
  if (open.length > 0) {
    progress.begin('messages-read', await countMessages(legacy), await stagedRows(database));
    const recordings = new Recordings(legacy, places.images);
    const onRows = (count: number) => progress.add(count);
    await inLanes(together, messageTables, (table) =>
      stageMessages(table, { legacy, database, recordings, onRows }),
    );
    await requireRoom(
      database,
      await roomToNumber(database, open),
      'What has been read is kept: free some space, and run the same command again to resume.',
    );
    progress.begin('messages-sorted', partitions, partitions - open.length);
    await inLanes(together, open, async (part) => {
      await pace.rest();
      await state.once(`messages ${part}`, (session) => finishPartition(session, part));
      progress.add(1);
    });
  }
}

async function copyFiles({ places, legacy, database, storage, progress }: CopyOptions, state: ImportState) {
  const { store, folder: storageFolder } = storage;
  const into = { database, store, storageFolder, pace: legacy.pace, progress };
  if (places.images !== undefined && !(await state.isDone('images'))) {
    await importImages({ ...into, folder: places.images });
    await state.once('images', async () => {});
  }
  if (places.offlineFiles !== undefined) {
    const left = await importOfflineFiles({ ...into, folder: places.offlineFiles });
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
      AND NOT relispartition AND (relname ~ '^(im|redis_)' OR relname IN ('message', 'staged', 'session', 'unread', 'member', 'other_project'))`);
  return rows.map(({ name }) => name);
}
