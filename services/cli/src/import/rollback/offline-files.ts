import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { isKey } from '@teamtalk/blob-store';
import type { LegacyWriter } from '../legacy/writer.js';
import type { TargetDatabase } from '../target/database.js';
import type { Storage } from '../target/storage.js';
import type { NotReturned } from './messages.js';

/** Bytes of each text of file_server's header, ended by NUL: task, sender, receiver, time, name, size. */
const headerFields = [128, 64, 64, 128, 512, 64] as const;
/** Tasks that one statement takes off the list. */
const rowsTogether = 500;

interface WaitingFile {
  id: string;
  from_id: number;
  to_id: number;
  name: string;
  size: number;
  created: number;
  keys: string[];
}

export interface OfflineFilesReturn {
  database: TargetDatabase;
  writer: LegacyWriter;
  storage: Storage;
  /** file_server's folder `offline_file`; undefined: it was not imported */
  folder: string | undefined;
}

/**
 * Brings files that wait for their receiver since the cutover into file_server's folder, with their rows, and takes those that were
 * fetched here off the list there.
 */
export async function returnOfflineFiles(
  options: OfflineFilesReturn,
  notReturned: NotReturned,
): Promise<void> {
  const { database, writer, folder } = options;
  const waiting = await database.rows<WaitingFile>(`
    SELECT id, from_id, to_id, name, size::float8 AS size, floor(extract(epoch FROM completed_at))::float8 AS created,
      ARRAY(SELECT key FROM file_part p WHERE p.task_id = t.id ORDER BY start) AS keys
    FROM file_task t
    WHERE offline AND completed_at IS NOT NULL AND expires_at > now()
      AND NOT EXISTS (SELECT FROM legacy_import.before_file_task b WHERE b.id = t.id)
      AND NOT EXISTS (SELECT FROM legacy_import.returned_row r WHERE r.kind = 'file_task' AND r.key = t.id)
    ORDER BY completed_at, id`);
  if (folder === undefined || !(await hasPlace(writer))) {
    if (waiting.length > 0)
      notReturned.set('offline files, for which the old servers have no place', waiting.length);
    return;
  }
  const named = waiting.filter(({ id }) => isKey(`offline-files/${id}/0`) && !id.includes('/'));
  if (named.length < waiting.length)
    notReturned.set('offline files whose task cannot name a file', waiting.length - named.length);
  for (const file of named) await returnFile({ ...options, folder }, file);
  await takeOffList(options);
}

/** Whether there is a list, and file_server has the header of August 2015, as the columns of that month tell. */
async function hasPlace(writer: LegacyWriter): Promise<boolean> {
  const columns = await writer.rows<{ Field: string }>('SHOW COLUMNS FROM IMUser');
  if (!columns.some(({ Field }) => Field === 'push_shield_status')) return false;
  return (await writer.rows(`SHOW TABLES LIKE 'IMTransmitFile'`)).length > 0;
}

/** The row comes last: a file that was written half is written anew. */
async function returnFile(
  { database, writer, storage, folder }: OfflineFilesReturn & { folder: string },
  file: WaitingFile,
): Promise<void> {
  const { id, from_id: from, to_id: to, name, size, created, keys } = file;
  const place = path.join(folder, id.slice(0, 2), id);
  await mkdir(path.dirname(place), { recursive: true });
  const handle = await open(`${place}.part`, 'w');
  try {
    await handle.writeFile(headerOf(file));
    for (const key of keys) {
      for await (const piece of (await storage.store.get(key)).stream())
        await handle.writeFile(piece as Buffer);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${place}.part`, place);
  const known = await writer.rows('SELECT id FROM IMTransmitFile WHERE taskId = ?', [id]);
  if (known.length === 0) {
    await writer.run(
      `INSERT INTO IMTransmitFile (fromId, toId, fileName, taskId, size, status, updated, created)
        VALUES (?, ?, ?, ?, ?, 0, ?, ?)`,
      [from, to, name, id, size, created, created],
    );
  }
  await database.rows(
    `INSERT INTO legacy_import.returned_row (kind, key, columns) VALUES ('file_task', $1, '{}') ON CONFLICT DO NOTHING`,
    [id],
  );
}

/** The name stays empty, as file_server leaves it. */
function headerOf({ id, from_id: from, to_id: to, size, created }: WaitingFile): Buffer {
  const texts = [id, `${from}`, `${to}`, `${created}`, '', `${size}`];
  return Buffer.concat(
    headerFields.map((bytes, at) => {
      const field = Buffer.alloc(bytes);
      field.write(texts[at]!, 0, bytes - 1, 'latin1');
      return field;
    }),
  );
}

/** The old servers list rows with status 0. */
async function takeOffList({ database, writer }: OfflineFilesReturn): Promise<void> {
  const over = await database.rows<{ id: string }>(`
    SELECT id FROM (
      SELECT id FROM legacy_import.before_file_task WHERE offline AND completed_at IS NOT NULL
      UNION SELECT key FROM legacy_import.returned_row WHERE kind = 'file_task'
    ) AS listed
    WHERE NOT EXISTS (SELECT FROM file_task t WHERE t.id = listed.id)`);
  for (let at = 0; at < over.length; at += rowsTogether) {
    const ids = over.slice(at, at + rowsTogether).map(({ id }) => id);
    await writer.run(
      `UPDATE IMTransmitFile SET status = 1, updated = UNIX_TIMESTAMP()
        WHERE status = 0 AND taskId IN (${ids.map(() => '?').join(', ')})`,
      ids,
    );
  }
}
