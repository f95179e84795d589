import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type BlobStore, isKey } from '@teamtalk/blob-store';
import { inLanes } from '../../in-lanes.js';
import type { Pace } from '../legacy/pace.js';
import type { Progress } from '../progress.js';
import type { TargetDatabase } from '../target/database.js';
import { recordLeftOut } from '../target/left-out.js';

export const fileTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS legacy_import.stored_file (
    key text COLLATE "C" PRIMARY KEY, size int8 NOT NULL, sha256 bytea NOT NULL, settled bool NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS legacy_import.unserved_file (name text PRIMARY KEY)`,
];

export interface ImageOptions {
  /** `BaseDir` of msfs */
  folder: string;
  database: TargetDatabase;
  store: BlobStore;
  /** the folder of `store`, where files can be linked into it; undefined: they are copied */
  storageFolder: string | undefined;
  pace: Pace;
  progress?: Pick<Progress, 'begin' | 'add'>;
}

/** Folders whose files are linked or copied at a time. */
const together = 8;
/** Of a file that is hashed, bytes at a time. */
const pieceBytes = 64 * 1024;

/** A file modified more recently than this may be incomplete, so the next call imports it again. */
const settledMs = 60_000;

/** Brings all files of msfs into the storage of the new one, under the keys that their URLs have. Those that are there are skipped. */
export async function importImages(options: ImageOptions): Promise<void> {
  const { folder, database, pace, progress } = options;
  if (progress !== undefined) {
    let files = 0;
    for await (const { names } of placesOf(folder, pace)) files += names.length;
    const [row] = await database.rows<{ done: string }>(
      'SELECT count(*) AS done FROM legacy_import.stored_file WHERE settled',
    );
    progress.begin('images', files, Number(row!.done));
  }
  let unserved = 0;
  for (const first of await numberedFolders(folder)) unserved += await importFolder(options, first);
  await database.transaction((session) => recordLeftOut(session, 'msfs', 'file-name', unserved));
}

interface StoredFile {
  key: string;
  size: number;
  sha256: Buffer;
  settled: boolean;
}

/** Imports one of the 256 folders. @returns how many files have names that the new msfs does not serve */
async function importFolder(options: ImageOptions, first: string): Promise<number> {
  const { database, folder, pace, progress } = options;
  const known = await database.rows<{ key: string }>(
    'SELECT key FROM legacy_import.stored_file WHERE settled AND key >= $1 AND key < $2',
    [`g0/${first}/`, `g0/${first}0`],
  );
  const done = new Set(known.map(({ key }) => key));
  const unserved: string[] = [];
  const files: StoredFile[] = [];
  const places = await numberedFolders(path.join(folder, first));
  await inLanes(pace.isLimited ? 1 : together, places, async (second) => {
    const place = `${first}/${second}`;
    const target = options.storageFolder && path.join(options.storageFolder, 'g0', place);
    await pace.rest();
    const names = (await filesOf(path.join(folder, place))).filter(
      (name) => !done.has(`g0/${place}/${name}`),
    );
    if (names.length > 0 && target) await mkdir(target, { recursive: true, mode: 0o750 });
    for (const name of names) {
      await pace.rest();
      if (isKey(`g0/${place}/${name}`)) files.push(await store(options, place, name));
      else unserved.push(`${place}/${printable(name)}`);
      progress?.add(1);
    }
    if (names.length > 0 && target) await syncFolder(target);
  });
  await recordFiles(database, files, unserved);
  return unserved.length;
}

async function store(options: ImageOptions, place: string, name: string): Promise<StoredFile> {
  const key = `g0/${place}/${name}`;
  const file = path.join(options.folder, place, name);
  const settled = Date.now() - (await stat(file)).mtimeMs > settledMs;
  const stored = (await linked(options, file, key)) ?? (await copied(options, file, key));
  return { key, ...stored, settled };
}

async function recordFiles(database: TargetDatabase, files: StoredFile[], unserved: string[]): Promise<void> {
  await database.transaction(async (session) => {
    await session.run(
      `INSERT INTO legacy_import.stored_file (key, size, sha256, settled)
        SELECT * FROM unnest($1::text[], $2::int8[], $3::bytea[], $4::bool[])
        ON CONFLICT (key) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256, settled = excluded.settled`,
      [
        files.map(({ key }) => key),
        files.map(({ size }) => size),
        files.map(({ sha256 }) => sha256),
        files.map(({ settled }) => settled),
      ],
    );
    await session.run(
      'INSERT INTO legacy_import.unserved_file (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING',
      [unserved],
    );
  });
}

/** Links a file into the storage, where both are on one file system: msfs never changes a file. */
async function linked({ storageFolder }: ImageOptions, file: string, key: string) {
  if (storageFolder === undefined) return undefined;
  const target = path.join(storageFolder, key);
  try {
    await link(file, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Other file systems, and those without links: copied instead. One that is there is of an earlier attempt.
    if (code !== 'EEXIST') return undefined;
    const [one, other] = await Promise.all([stat(file), stat(target)]);
    if (one.ino !== other.ino || one.dev !== other.dev) return undefined;
  }
  return hashOf(target);
}

/** A stream would cost several times as much, and most images are small. */
async function hashOf(file: string): Promise<{ size: number; sha256: Buffer }> {
  const hash = createHash('sha256');
  const handle = await open(file, 'r');
  try {
    const piece = Buffer.allocUnsafe(pieceBytes);
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(piece);
      if (bytesRead === 0) return { size, sha256: hash.digest() };
      hash.update(piece.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

async function copied({ store }: ImageOptions, file: string, key: string) {
  const { size, sha256 } = await store.put(key, createReadStream(file), { sha256: true });
  return { size, sha256: Buffer.from(sha256!, 'hex') };
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

async function numberedFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && /^\d{3}$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

/** A file name as a line of a report shows it. */
function printable(name: string): string {
  return JSON.stringify(name).slice(1, -1).replaceAll('\\u0000', '');
}

/** Total size of msfs's files, bytes. */
export async function bytesOfImages(folder: string, pace: Pace): Promise<number> {
  let bytes = 0;
  for await (const { place, names } of placesOf(folder, pace)) {
    const sizes = await Promise.all(names.map((name) => stat(path.join(folder, place, name))));
    bytes += sizes.reduce((sum, { size }) => sum + size, 0);
  }
  return bytes;
}

/** The folders 000/000 to 255/255 that contain files, with the names of these files. */
async function* placesOf(folder: string, pace: Pace): AsyncGenerator<{ place: string; names: string[] }> {
  for (const first of await numberedFolders(folder)) {
    for (const second of await numberedFolders(path.join(folder, first))) {
      await pace.rest();
      const place = `${first}/${second}`;
      yield { place, names: await filesOf(path.join(folder, place)) };
    }
  }
}
