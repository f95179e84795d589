import { appendFile, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestDatabase, testDatabase } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Pace } from '../legacy/pace.js';
import { TargetDatabase } from '../target/database.js';
import { leftOutTable } from '../target/left-out.js';
import { ImportState } from '../target/state.js';
import { openStorage, type Storage } from '../target/storage.js';
import { bytesOfImages, fileTables, importImages } from './images.js';

let folder: string;
let images: string;
let installation: TestDatabase;
let database: TargetDatabase;
let storage: Storage;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'images-'));
  images = path.join(folder, 'msfs');
  await mkdir(path.join(images, '000', '001'), { recursive: true });
  installation = await testDatabase();
  database = new TargetDatabase(installation.url, 2);
  await new ImportState(database).open('nowhere', [leftOutTable, ...fileTables]);
  storage = await openStorage({ STORAGE: 'local', STORAGE_DIR: path.join(folder, 'storage') });
}, 60_000);

afterAll(async () => {
  storage?.store.close();
  await database?.close();
  await installation?.drop();
  await rm(folder, { recursive: true, force: true });
});

const place = (name: string) => path.join(images, '000', '001', name);
const stored = (name: string) => readFile(path.join(folder, 'storage', 'g0', '000', '001', name), 'utf8');

/** Imports the images by copying, as if onto another file system. */
async function bring(): Promise<number> {
  let left = 0;
  let files = 0;
  await importImages({
    folder: images,
    database,
    store: storage.store,
    storageFolder: undefined,
    pace: new Pace(100),
    progress: {
      begin: (_step, total, done = 0) => {
        left = total - done;
      },
      add: (count) => {
        files += count;
      },
    },
  });
  // The remaining time is estimated from these.
  expect(files).toBe(left);
  return files;
}

test('a file that was still being written is imported again, a complete one is not', async () => {
  const minutesAgo = new Date(Date.now() - 120_000);
  await writeFile(place('whole.png'), 'whole');
  await utimes(place('whole.png'), minutesAgo, minutesAgo);
  await writeFile(place('half.png'), 'ha');
  expect(await bring()).toBe(2);
  expect(await stored('half.png')).toBe('ha');
  await appendFile(place('half.png'), 'lf');
  expect(await bring()).toBe(1);
  expect(await stored('half.png')).toBe('half');
  await utimes(place('half.png'), minutesAgo, minutesAgo);
  expect(await bring()).toBe(1);
  expect(await bring()).toBe(0);
  const rows = await database.rows<{ key: string; size: string }>(
    'SELECT key, size FROM legacy_import.stored_file ORDER BY key',
  );
  expect(rows.map(({ key, size }) => [key, Number(size)])).toEqual([
    ['g0/000/001/half.png', 4],
    ['g0/000/001/whole.png', 5],
  ]);
  expect(await bytesOfImages(images, new Pace(100))).toBe(9);
});
