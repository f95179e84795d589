import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type BlobStore, isKey } from '@teamtalk/blob-store';
import type { TargetDatabase } from '../target/database.js';
import { recordLeftOut } from '../target/left-out.js';

export const fileTables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS legacy_import.stored_file (
    key text COLLATE "C" PRIMARY KEY, size int8 NOT NULL, sha256 bytea NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS legacy_import.unserved_file (name text PRIMARY KEY)`,
];

export interface ImageOptions {
  /** `BaseDir` of msfs */
  folder: string;
  database: TargetDatabase;
  store: BlobStore;
  /** the folder of `store`, where files can be linked into it; undefined: they are copied */
  storageFolder: string | undefined;
  onFile(bytes: number): void;
}

/** Files that are linked or copied at a time. */
const together = 8;

/** Brings all files of msfs into the storage of the new one, under the keys that their URLs have. Those that are there are skipped. */
export async function importImages(options: ImageOptions): Promise<void> {
  let unserved = 0;
  for (const first of await numberedFolders(options.folder)) unserved += await importFolder(options, first);
  await options.database.transaction((session) => recordLeftOut(session, 'msfs', 'file-name', unserved));
}

interface StoredFile {
  key: string;
  size: number;
  sha256: Buffer;
}

/** Imports one of the 256 folders. @returns how many files have names that the new msfs does not serve */
async function importFolder(options: ImageOptions, first: string): Promise<number> {
  const { database, folder } = options;
  const known = await database.rows<{ key: string }>(
    'SELECT key FROM legacy_import.stored_file WHERE key >= $1 AND key < $2',
    [`g0/${first}/`, `g0/${first}0`],
  );
  const done = new Set(known.map(({ key }) => key));
  const unserved: string[] = [];
  const files: StoredFile[] = [];
  for (const second of await numberedFolders(path.join(folder, first))) {
    const place = `${first}/${second}`;
    const names = (await filesOf(path.join(folder, place))).filter(
      (name) => !done.has(`g0/${place}/${name}`),
    );
    const served = names.filter((name) => isKey(`g0/${place}/${name}`));
    unserved.push(
      ...names.filter((name) => !served.includes(name)).map((name) => `${place}/${printable(name)}`),
    );
    for (let at = 0; at < served.length; at += together) {
      files.push(
        ...(await Promise.all(served.slice(at, at + together).map((name) => store(options, place, name)))),
      );
    }
    if (served.length > 0 && options.storageFolder !== undefined) {
      await syncFolder(path.join(options.storageFolder, 'g0', place));
    }
  }
  await recordFiles(database, files, unserved);
  return unserved.length;
}

async function store(options: ImageOptions, place: string, name: string): Promise<StoredFile> {
  const key = `g0/${place}/${name}`;
  const file = path.join(options.folder, place, name);
  const stored = (await linked(options, file, key)) ?? (await copied(options, file, key));
  options.onFile(stored.size);
  return { key, ...stored };
}

async function recordFiles(database: TargetDatabase, files: StoredFile[], unserved: string[]): Promise<void> {
  await database.transaction(async (session) => {
    await session.run(
      `INSERT INTO legacy_import.stored_file (key, size, sha256)
        SELECT * FROM unnest($1::text[], $2::int8[], $3::bytea[]) ON CONFLICT (key) DO NOTHING`,
      [files.map(({ key }) => key), files.map(({ size }) => size), files.map(({ sha256 }) => sha256)],
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
  await mkdir(path.dirname(target), { recursive: true, mode: 0o750 });
  try {
    await link(file, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Other file systems, and those without links: copied instead. One that is there is of an earlier attempt.
    if (code !== 'EEXIST') return undefined;
    const [one, other] = await Promise.all([stat(file), stat(target)]);
    if (one.ino !== other.ino || one.dev !== other.dev) return undefined;
  }
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of createReadStream(target)) {
    hash.update(piece as Buffer);
    size += (piece as Buffer).length;
  }
  return { size, sha256: hash.digest() };
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
