import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, opendir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ImportedPlaces, LeftOutReason } from '../import/verification.js';
import { inLanes } from '../in-lanes.js';
import type { NewStore } from './new-store.js';
import type { OldStore } from './old-store.js';
import type { KnownIds } from './sides.js';
import type { Tally } from './tally.js';

type Read = ImportedPlaces['readBlob'];

interface JudgeFiles {
  read: Read;
  /** called before each file, to limit the load */
  rest(): Promise<void>;
  onFile(done: number, total: number): void;
  tally: Tally;
  /** files that are read at a time */
  lanes: number;
}

/** Compares every file of msfs with what the new msfs serves under its URL. */
export async function judgeImages(
  folder: string,
  { read, rest, onFile, tally, lanes }: JudgeFiles,
): Promise<void> {
  const places = await foldersOf(folder);
  let total = 0;
  for (const place of places) {
    for await (const entry of await opendir(path.join(folder, place))) if (entry.isFile()) total++;
  }
  let done = 0;
  for (const place of places) {
    const entries = await readdir(path.join(folder, place), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    await inLanes(lanes, names, async (name) => {
      await rest();
      onFile(done++, total);
      const key = `g0/${place}/${name}`;
      if (!/^[A-Za-z0-9_.-]+$/.test(name) || name.startsWith('.')) return tally.leftOut('msfs', 'file-name');
      const here = await hashOfBlob(read, key);
      const there = await hashOf(createReadStream(path.join(folder, place, name)));
      if (here === undefined) return tally.unexplained('msfs', `${key} is not here`);
      tally.imported('msfs');
      tally.compare('content of each file of msfs', here === there, () => key);
    });
  }
}

async function foldersOf(folder: string): Promise<string[]> {
  const numbered = async (place: string) =>
    (await readdir(path.join(folder, place), { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && /^\d{3}$/.test(entry.name))
      .map(({ name }) => path.join(place, name));
  const places: string[] = [];
  for (const first of await numbered('.')) places.push(...(await numbered(first)));
  return places.sort();
}

interface Upload {
  sha256: string;
  size: number;
}

interface Waiting {
  id: number;
  fromId: number;
  toId: number;
  fileName: string;
  taskId: string;
  status: number;
  created: number;
}

const perPair = 200;

/** Compares the files that wait for a receiver, and says why the others are not here. */
export async function judgeOfflineFiles(
  folder: string,
  old: OldStore,
  store: NewStore,
  { read, rest, onFile, tally, ...known }: JudgeFiles & KnownIds,
): Promise<void> {
  const files = await filesOf(folder);
  const parts = await partsOf(store);
  const reasonOf = new Map<string, LeftOutReason | 'unexplained' | undefined>();
  const rows: Waiting[] = [];
  const columns = 'id, fromId, toId, fileName, taskId, status, created';
  for await (const row of old.rows<Waiting>('IMTransmitFile', columns)) rows.push(row);
  // The newest ones of a pair come first.
  rows.sort((a, b) => b.created - a.created || b.id - a.id);
  const counts = new Map<string, number>();
  for (const [done, row] of rows.entries()) {
    await rest();
    onFile(done, rows.length);
    const pair = `${row.fromId}/${row.toId}`;
    const found = await uploadOrReason(row, files, known, counts.get(pair) ?? 0);
    const reason = typeof found === 'string' ? found : undefined;
    if (row.status === 0) reasonOf.set(row.taskId, reason);
    if (typeof found === 'string') {
      tally.leftOut('IMTransmitFile', found);
      continue;
    }
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
    const part = parts.get(row.taskId);
    const isSame =
      part !== undefined &&
      part.from_id === row.fromId &&
      part.to_id === row.toId &&
      part.name === ([...row.fileName].slice(0, 255).join('') || part.name) &&
      Number(part.size) === found.size &&
      part.sha256 === found.sha256 &&
      (await contentOf(read, part)) === found.sha256;
    if (part) tally.imported('IMTransmitFile');
    else tally.unexplained('IMTransmitFile', `${row.taskId} is not here`);
    if (!part) reasonOf.set(row.taskId, 'unexplained');
    tally.compare(
      'content of each offline file',
      isSame,
      () => `${row.taskId}, from ${row.fromId} to ${row.toId}`,
    );
  }
  for (const task of files.keys()) {
    const reason = reasonOf.has(task) ? reasonOf.get(task) : 'offline-file-without-row';
    if (reason === 'unexplained') tally.unexplained('offline_file', `${task} is not here`);
    else if (reason) tally.leftOut('offline_file', reason);
    else tally.imported('offline_file');
  }
}

/** What has to be here for a row, or why it may be left out. */
async function uploadOrReason(
  { fromId, toId, taskId, status }: Waiting,
  files: ReadonlyMap<string, string>,
  { isUser, isOtherUser }: KnownIds,
  before: number,
): Promise<Upload | LeftOutReason> {
  if (isOtherUser(fromId) || isOtherUser(toId)) return 'other-project';
  if (status !== 0) return 'offline-file-fetched';
  if (!isUser(fromId) || !isUser(toId)) return 'offline-file-without-user';
  const file = files.get(taskId);
  if (!file) return 'offline-row-without-file';
  if (before >= perPair) return 'offline-file-beyond-limit';
  return (await uploadOf(file)) ?? 'offline-file-broken';
}

async function filesOf(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) files.set(entry.name, path.join(entry.parentPath, entry.name));
  }
  return files;
}

/** The bytes behind either header whose size is the file's; undefined: the old server would not send it. */
async function uploadOf(file: string): Promise<Upload | undefined> {
  const { size: length } = await stat(file);
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(1_024), 0, 1_024, 0);
    const text = buffer.subarray(896, 960).toString('latin1');
    const size = Number.parseInt(text.slice(0, text.indexOf('\0')), 10);
    const start = length - size;
    if (start !== 960 && start !== 1_024) return undefined;
    const sha256 = await hashOf(createReadStream(file, { start }));
    return { size, sha256 };
  } finally {
    await handle.close();
  }
}

interface Task {
  from_id: number;
  to_id: number;
  name: string;
  size: string;
  sha256: string;
  keys: string[];
}

async function partsOf(store: NewStore): Promise<Map<string, Task>> {
  const tasks = new Map<string, Task>();
  const rows = store.rows<Task & { id: string }>(`
    SELECT t.id, t.from_id, t.to_id, t.name, t.size, encode(t.sha256, 'hex') AS sha256,
      array(SELECT p.key FROM file_part p WHERE p.task_id = t.id ORDER BY p.start) AS keys
    FROM file_task t WHERE t.completed_at IS NOT NULL`);
  for await (const { id, ...task } of rows) tasks.set(id, task);
  return tasks;
}

async function contentOf(read: Read, { keys }: Task): Promise<string | undefined> {
  const hash = createHash('sha256');
  for (const key of keys) {
    const blob = await read(key);
    if (!blob) return undefined;
    for await (const piece of blob) hash.update(piece);
  }
  return hash.digest('hex');
}

async function hashOfBlob(read: Read, key: string): Promise<string | undefined> {
  const blob = await read(key);
  return blob && hashOf(blob);
}

async function hashOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
