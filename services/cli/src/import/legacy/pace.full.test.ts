import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { runCli } from '../../cli.js';
import { type LegacyStand, startLegacyStand } from '../testing/legacy-stand.js';
import { fillSmallStore } from '../testing/small-store.js';
import { Pace } from './pace.js';

vi.setConfig({ testTimeout: 300_000 });

let legacy: LegacyStand;
let database: TestDatabase;

beforeAll(async () => {
  [legacy, database] = await Promise.all([startLegacyStand({ transmitFile: true }), testDatabase()]);
  await fillSmallStore(legacy);
  vi.stubEnv('DATABASE_URL', database.url);
  vi.stubEnv('STORAGE_DIR', path.join(legacy.folder, 'storage'));
}, 120_000);
afterAll(async () => {
  await database?.drop();
  await legacy?.close();
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function run(command: string, ...more: string[]): Promise<void> {
  const written: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const status = await runCli([
    'import',
    command,
    ...['--mysql', legacy.mariadb.url, '--redis', legacy.redisUrl],
    ...['--db-numbers', 'unread=1,group_set=2,token=4,group_member=5'],
    ...['--images', legacy.images, '--offline-files', legacy.offlineFiles, ...more],
  ]);
  expect(status, written.join('')).toBe(0);
}

/** Number of reads from the old store: tables, Redis, and files of msfs. */
async function reads(): Promise<number> {
  const [[row]] = await legacy.sql.query<RowDataPacket[]>(`SHOW GLOBAL STATUS LIKE 'Com_select'`);
  const commands = await legacy.redis(0).info('commandstats');
  const scans = /^cmdstat_scan:calls=(\d+)/m.exec(commands)?.[1];
  return Number(row!.Value) + Number(scans ?? 0);
}

test.each(['inspect', 'copy', 'follow', 'verify'])('%s pauses before every read', async (command) => {
  const rests = vi.spyOn(Pace.prototype, 'rest');
  const before = await reads();
  await run(command, ...(command === 'follow' ? ['--once'] : []));
  const files = (await readdir(legacy.images, { recursive: true, withFileTypes: true })).filter((each) =>
    each.isFile(),
  );
  // Opening the store and checking its columns and pools is not paced.
  const opening = 20;
  const brought = command === 'copy' || command === 'verify' ? files.length / 8 : 0;
  expect(await reads()).toBeGreaterThan(before + opening);
  expect(rests.mock.calls.length).toBeGreaterThanOrEqual((await reads()) - before - opening + brought);
});

test('a copy works for no more than the given share of the time', async () => {
  const other = await testDatabase();
  vi.stubEnv('DATABASE_URL', other.url);
  vi.stubEnv('STORAGE_DIR', path.join(legacy.folder, 'other-storage'));
  let pausedMs = 0;
  let workedMs = 0;
  // What comes before the first pause and after the last, such as opening the stores, is not paced.
  let lastEnd: number | undefined;
  const { rest } = Pace.prototype;
  vi.spyOn(Pace.prototype, 'rest').mockImplementation(async function (this: Pace) {
    const begin = performance.now();
    workedMs += begin - (lastEnd ?? begin);
    await rest.call(this);
    lastEnd = performance.now();
    pausedMs += lastEnd - begin;
  });
  await run('copy', '--max-load', '20');
  expect(workedMs).toBeGreaterThan(0);
  // 80 % but for pauses of less than a millisecond that are still owed
  expect(pausedMs / (pausedMs + workedMs)).toBeGreaterThan(0.75);
  await other.drop();
});
