import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { type BlobStore, isKey } from '@teamtalk/blob-store';
import type { LegacyDatabase } from '../legacy/mysql.js';
import type { Pace } from '../legacy/pace.js';
import type { Progress } from '../progress.js';
import type { TargetDatabase, TargetSession } from '../target/database.js';
import { recordLeftOut } from '../target/left-out.js';
import type { LeftOutReason } from '../verification.js';

/** Most files that wait between two users, as file_server has it. */
const mostOfPair = 200;
const keptDays = 90;
const headerBytes = 960;
const olderHeaderBytes = 1_024;
/** where in either header the size is, as a text ended by NUL */
const sizeAt = 896;

interface WaitingFile {
  id: string;
  fromid: number;
  toid: number;
  filename: string;
  taskid: string;
  size: string;
  created: string;
  known: boolean;
}

export interface OfflineFileOptions {
  /** file_server's folder `offline_file` */
  folder: string;
  database: TargetDatabase;
  store: BlobStore;
  pace: Pace;
  progress?: Pick<Progress, 'begin' | 'add'>;
}

/** Total size of the files that wait for their receivers, bytes. */
export async function bytesOfOfflineFiles(legacy: LegacyDatabase): Promise<number> {
  if (!legacy.hasTable('IMTransmitFile')) return 0;
  const [row] = await legacy.rows<[number | string | null]>(
    'SELECT SUM(size) FROM IMTransmitFile WHERE status = 0',
  );
  return Number(row?.[0] ?? 0);
}

/** How many rows of IMTransmitFile were left out for each reason. */
export type FilesLeftOut = ReadonlyMap<LeftOutReason, number>;

/** Brings the files that wait for their receiver: those that have a row, and whose length is the one in their header. */
export async function importOfflineFiles(options: OfflineFileOptions): Promise<FilesLeftOut> {
  const { database, pace, progress } = options;
  const waiting = await database.rows<WaitingFile>(`
    SELECT DISTINCT ON (taskid) id, fromid, toid, filename, taskid, size, created,
      EXISTS (SELECT FROM file_task f WHERE f.id = t.taskid) AS known
    FROM legacy_import.imtransmitfile t
    WHERE status = 0 AND EXISTS (SELECT FROM legacy_import.imuser u WHERE u.id = t.fromid)
      AND EXISTS (SELECT FROM legacy_import.imuser u WHERE u.id = t.toid)
    ORDER BY taskid, id DESC`);
  waiting.sort((a, b) => Number(b.created) - Number(a.created) || Number(b.id) - Number(a.id));
  const sizeOf = (files: readonly WaitingFile[]) =>
    files.reduce((sum, { size }) => sum + Number(size) / 1e6, 0);
  progress?.begin('offline-files', sizeOf(waiting), sizeOf(waiting.filter(({ known }) => known)));
  const ofPair = new Map<string, number>();
  const left = new Map<LeftOutReason, number>();
  for (const file of waiting) {
    const pair = `${file.fromid} ${file.toid}`;
    const count = ofPair.get(pair) ?? 0;
    if (!file.known) await pace.rest();
    const reason =
      count >= mostOfPair
        ? 'offline-file-beyond-limit'
        : file.known
          ? undefined
          : await importFile(options, file);
    if (reason === undefined) ofPair.set(pair, count + 1);
    else left.set(reason, (left.get(reason) ?? 0) + 1);
    if (!file.known) progress?.add(sizeOf([file]));
  }
  return left;
}

/** Records what `importOfflineFiles` left out, and the rows that it did not look at. */
export async function recordOfflineFiles(session: TargetSession, left: FilesLeftOut): Promise<void> {
  for (const [reason, count] of left) await recordLeftOut(session, 'IMTransmitFile', reason, count);
  const [row] = await session.rows<{ fetched: string; without_user: string }>(`
    SELECT count(*) FILTER (WHERE status <> 0) AS fetched,
      count(*) FILTER (WHERE status = 0 AND NOT (
        EXISTS (SELECT FROM legacy_import.imuser u WHERE u.id = t.fromid)
        AND EXISTS (SELECT FROM legacy_import.imuser u WHERE u.id = t.toid))) AS without_user
    FROM legacy_import.imtransmitfile t`);
  await recordLeftOut(session, 'IMTransmitFile', 'offline-file-fetched', Number(row!.fetched));
  await recordLeftOut(session, 'IMTransmitFile', 'offline-file-without-user', Number(row!.without_user));
}

/** @returns why it is left out, undefined when it is there */
async function importFile(
  { folder, database, store }: OfflineFileOptions,
  { fromid, toid, filename, taskid, created }: WaitingFile,
): Promise<LeftOutReason | undefined> {
  if (!isKey(`offline-files/${taskid}/0`) || taskid.includes('/')) return 'offline-row-without-file';
  const found = await findFile(folder, taskid, [fromid, toid]);
  if (found === undefined) return 'offline-row-without-file';
  const { file, header, size } = found;
  if (size === undefined) return 'offline-file-broken';
  const stream = () => createReadStream(file, { start: header });
  const sha256 = createHash('sha256');
  if (size > 0) for await (const piece of stream()) sha256.update(piece as Buffer);
  const digest = sha256.digest();
  // The key follows from the content, so that a repeated import writes the same one.
  const key = `offline-files/${taskid}/0000000000-${digest.toString('hex').slice(0, 16)}`;
  if (size > 0) await store.put(key, stream());
  await database.transaction(async (session) => {
    await session.run(
      `INSERT INTO file_task (id, from_id, to_id, name, size, offline, stored, sha256, created_at, completed_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, true, $5, $6, to_timestamp($7::int8), to_timestamp($7::int8),
          now() + make_interval(days => ${keptDays}))`,
      [taskid, fromid, toid, fileName(filename, taskid), size, digest, created],
    );
    if (size > 0) {
      await session.run(
        'INSERT INTO file_part (task_id, start, size, key, sha256) VALUES ($1, 0, $2, $3, $4)',
        [taskid, size, key, digest],
      );
    }
  });
  return undefined;
}

/** What the sender's client calls it, cut where it is too long. */
function fileName(name: string | null, taskId: string): string {
  return [...(name ?? '')].slice(0, 255).join('') || taskId;
}

/** Looks where both versions of file_server put a task's file. `size` is undefined where the length is not the header's. */
async function findFile(
  folder: string,
  taskId: string,
  userIds: readonly number[],
): Promise<{ file: string; header: number; size: number | undefined } | undefined> {
  const places = [
    { file: path.join(folder, taskId.slice(0, 2), taskId), header: headerBytes },
    ...userIds.map((id) => ({ file: path.join(folder, olderId(id), taskId), header: olderHeaderBytes })),
  ];
  for (const { file, header } of places) {
    const info = await stat(file).catch(() => undefined);
    if (!info?.isFile()) continue;
    const handle = await open(file, 'r');
    try {
      const bytes = Buffer.alloc(64);
      await handle.read(bytes, 0, bytes.length, sizeAt);
      const text = bytes.toString('latin1').split('\0', 1)[0];
      const size = info.size - header;
      return { file, header, size: size >= 0 && text === `${size}` ? size : undefined };
    } finally {
      await handle.close();
    }
  }
  return undefined;
}

/** A user's id as file_server of March 2015 writes it. */
function olderId(id: number): string {
  return `1${(2 * id + 56).toString(36)}`;
}
