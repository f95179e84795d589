import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isNotFound } from '@teamtalk/blob-store';
import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { withDatabase } from '../../database.js';
import { Failure } from '../../failure.js';
import { verify } from '../../import-verify/verify.js';
import { copyInstallation } from '../copy/copy.js';
import type { Inspection } from '../inspect/findings.js';
import { inspectStore } from '../inspect/inspect.js';
import { Progress } from '../progress.js';
import { reportPage } from '../report/html.js';
import { type ImportReport, makeReport } from '../report/report.js';
import { keepResult, keptResults } from '../report/results.js';
import type { TargetDatabase } from '../target/database.js';
import { requireRoom } from '../target/room.js';
import type { Verification } from '../verification.js';
import type { ImportSession } from './session.js';

/** Looks through the old store. */
export async function inspect({ places, legacy }: ImportSession): Promise<Inspection> {
  const progress = new Progress();
  progress.begin('looking through the old store, steps', 0);
  const defaultKey = process.env.TEXT_KEY ?? DEFAULT_TEXT_KEY;
  const inspection = await inspectStore({ places, legacy, defaultKey, onStep: () => progress.add(1) });
  progress.end();
  return inspection;
}

/**
 * Copies what `inspect` has found nothing against.
 *
 * @param maxLoad how much of the time the old database may be read, percent
 * @throws Failure with all that stands in the way
 */
export async function copy(session: ImportSession, inspection: Inspection, maxLoad: number): Promise<void> {
  if (inspection.blockers.length > 0) throw new Failure(inspection.blockers.join('\n'));
  await requireRoom(session, inspection.estimate);
  await createSchema(session.database);
  await session.database.alone(() => copyInstallation({ ...session, maxLoad, progress: new Progress() }));
  await keepResult(session.database, 'inspection', inspection);
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
  database,
  databaseUrl,
  storage,
}: ImportSession): Promise<Verification> {
  const progress = new Progress();
  let step = '';
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
      onProgress: (now) => {
        if (now.step !== step) progress.begin(`verifying, ${now.step}`, now.total);
        progress.add(now.step === step ? now.done - done : now.done);
        step = now.step;
        done = now.done;
      },
    },
  );
  progress.end();
  await keepResult(database, 'verification', verification);
  return verification;
}

const pageName = 'teamtalk-import.html';
const dataName = 'teamtalk-import.json';

/** Writes the report of what has been done so far into `folder`, as a page and as JSON. */
export async function writeReport(
  database: TargetDatabase,
  folder: string,
): Promise<{ report: ImportReport; page: string; data: string }> {
  const report = await makeReport(database, await keptResults(database));
  await mkdir(folder, { recursive: true });
  const page = path.join(folder, pageName);
  const data = path.join(folder, dataName);
  await writeFile(page, reportPage(report));
  await writeFile(data, `${JSON.stringify(report, null, 2)}\n`);
  return { report, page, data };
}
