import { stat } from 'node:fs/promises';
import type { ImportStep } from '@teamtalk/administration';
import { isNotFound } from '@teamtalk/blob-store';
import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { withDatabase } from '../../database.js';
import { Failure } from '../../failure.js';
import { verify } from '../../import-verify/verify.js';
import { copyInstallation } from '../copy/copy.js';
import { bytesOfImages } from '../copy/images.js';
import { bytesOfOfflineFiles } from '../copy/offline-files.js';
import type { Inspection } from '../inspect/findings.js';
import { inspectStore } from '../inspect/inspect.js';
import type { Pace } from '../legacy/pace.js';
import { Progress } from '../progress.js';
import { reportPage } from '../report/html.js';
import { type ImportReport, makeReport } from '../report/report.js';
import { keepResult, keptResults } from '../report/results.js';
import { writePages } from '../report/write-pages.js';
import type { TargetDatabase } from '../target/database.js';
import { requireRoom, requireStorageRoom } from '../target/room.js';
import type { Verification } from '../verification.js';
import type { ImportSession } from './session.js';

/** Looks through the old store. */
export async function inspect({ places, legacy }: ImportSession): Promise<Inspection> {
  const progress = new Progress();
  progress.begin('looking', 0);
  const defaultKey = process.env.TEXT_KEY ?? DEFAULT_TEXT_KEY;
  const inspection = await inspectStore({ places, legacy, defaultKey, onStep: () => progress.add(1) });
  progress.end();
  return inspection;
}

/** Copies everything, if `inspect` has found no blockers. @throws Failure with all blockers */
export async function copy(session: ImportSession, inspection: Inspection): Promise<void> {
  if (inspection.blockers.length > 0) throw new Failure(inspection.blockers.join('\n'));
  await requireRoomForCopy(session, inspection);
  await createSchema(session.database);
  await session.database.alone(() =>
    copyInstallation({ ...session, progress: new Progress(session.record) }),
  );
  await keepResult(session.database, 'inspection', inspection);
}

/** Checks the space only for a new import: one that is resumed has used part of it. It is checked again before numbering. */
async function requireRoomForCopy(
  { database, legacy, places, storage }: ImportSession,
  { estimate }: Inspection,
): Promise<void> {
  const [began] = await database.rows<{ found: boolean }>(
    `SELECT to_regclass('legacy_import.source') IS NOT NULL AS found`,
  );
  if (began?.found) return;
  await requireRoom(database, estimate, 'Nothing was changed.');
  if (storage.folder === undefined) return;
  await requireStorageRoom(
    storage.folder,
    (places.offlineFiles === undefined ? 0 : await bytesOfOfflineFiles(legacy)) +
      (places.images === undefined ? 0 : await bytesToCopy(places.images, storage.folder, legacy.pace)),
  );
}

/** Images are hard-linked, and need no space, if both folders are on one file system. */
async function bytesToCopy(images: string, storage: string, pace: Pace): Promise<number> {
  const [there, here] = await Promise.all([stat(images), stat(storage)]);
  return there.dev === here.dev ? 0 : bytesOfImages(images, pace);
}

/**
 * Brings the schema into a database without users, and finishes it where an earlier call was killed on the way; one that is
 * in use is its owner's to migrate.
 */
async function createSchema(database: TargetDatabase): Promise<void> {
  const [found] = await database.rows<{ users: boolean }>(
    `SELECT to_regclass('im_user') IS NOT NULL AS users`,
  );
  if (found!.users && (await database.rows('SELECT FROM im_user LIMIT 1')).length > 0) return;
  await withDatabase(async (dataSource, { migrateUp, migrationStatus, readGrants }) => {
    const states = await migrationStatus(dataSource);
    if (!states.some(({ state }) => state === 'missing')) return;
    await migrateUp(dataSource, { grants: readGrants(process.env) });
  });
}

/** Compares both sides by the program that shares no code with the copying. */
export async function verifyImport({
  places,
  legacy,
  database,
  databaseUrl,
  storage,
  record,
}: ImportSession): Promise<Verification> {
  const progress = new Progress(record);
  let step: ImportStep | undefined;
  let done = 0;
  const verification = await verify(
    places,
    {
      database: databaseUrl,
      storageFolder: storage.folder,
      readBlob: async (key) => {
        try {
          return (await storage.store.get(key)).stream();
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      },
    },
    {
      rest: () => legacy.pace.rest(),
      isLimited: legacy.pace.isLimited,
      onProgress: (now) => {
        if (now.step !== step) progress.begin(now.step, now.total);
        progress.add(now.step === step ? now.done - done : now.done);
        step = now.step;
        done = now.done;
      },
    },
  );
  progress.end();
  await keepResult(database, 'verification', verification);
  record.tell({ verifiedAt: Date.now(), unexplained: verification.unexplained });
  return verification;
}

/** Writes the report of what has been done so far into `folder`, as a page and as JSON. */
export async function writeReport(
  database: TargetDatabase,
  folder: string,
): Promise<{ report: ImportReport; page: string; data: string }> {
  const report = await makeReport(database, await keptResults(database));
  const written = await writePages(folder, 'teamtalk-import', { page: reportPage(report), data: report });
  return { report, ...written };
}
