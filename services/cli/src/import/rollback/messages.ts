import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import type { LegacyWriter } from '../legacy/writer.js';
import type { TargetDatabase } from '../target/database.js';
import { firstPair } from '../target/first-pair.js';
import { noteRows } from './stopped.js';

const rowsTogether = 500;
/** characters that the old column has */
const longest = 4_096;

/** How far each conversation is written back; in the old database, so that it is committed with the messages. */
export const returnedTable = `CREATE TABLE IF NOT EXISTS teamtalk_returned (
  conv BIGINT UNSIGNED PRIMARY KEY, relate_id INT UNSIGNED NOT NULL, last_id INT UNSIGNED NOT NULL) ENGINE = InnoDB`;

export interface ReturnOptions {
  database: TargetDatabase;
  writer: LegacyWriter;
  /** `BaseDir` of the old msfs, which voice messages are written to */
  images: string | undefined;
  /** what URLs of the old msfs begin with, such as http://msfs:8700/ */
  imageUrl: string;
}

/** What could not be written back as it is, by reason. */
export type NotReturned = Map<string, number>;

interface Message {
  id: number;
  from_id: number;
  type: number;
  created: number;
  data: Buffer;
}

/** A conversation that has messages which the old store lacks. */
interface Open {
  conv: bigint;
  relateId: number;
  lastId: number;
  until: number;
}

/** Writes all messages that came since the cutover into the old tables, with the numbers that clients have seen. */
export async function returnMessages(options: ReturnOptions, notReturned: NotReturned): Promise<number> {
  let count = 0;
  for (const conversation of await openConversations(options)) {
    count += await returnConversation(options, conversation, notReturned);
  }
  return count;
}

async function openConversations({ database, writer }: ReturnOptions): Promise<Open[]> {
  const changed = await database.rows<{ conv: string; last_id: number; before: number }>(`
    SELECT c.conv, c.last_id, coalesce(b.last_id, 0) AS before
    FROM conversation c LEFT JOIN legacy_import.before_conversation b ON b.conv = c.conv
    WHERE c.last_id > coalesce(b.last_id, 0) ORDER BY c.conv`);
  const returned = await writer.rows<{ conv: string; relate_id: number; last_id: number }>(
    'SELECT CAST(conv AS CHAR) AS conv, relate_id, last_id FROM teamtalk_returned',
  );
  const known = new Map(returned.map((row) => [row.conv, row]));
  return changed
    .map(({ conv, last_id: until, before }) => ({
      conv: BigInt(conv),
      relateId: known.get(conv)?.relate_id ?? 0,
      // An earlier import from this store may have left a lower number.
      lastId: Math.max(before, known.get(conv)?.last_id ?? 0),
      until,
    }))
    .filter(({ lastId, until }) => lastId < until);
}

async function returnConversation(
  options: ReturnOptions,
  { conv, relateId, lastId, until }: Open,
  notReturned: NotReturned,
): Promise<number> {
  const { database, writer } = options;
  let relate = relateId;
  // The old server's order is that of the times, and only then that of the rows.
  let notBefore = await newestBefore(database, conv, lastId);
  for (let last = lastId; last < until; ) {
    const page = await database.rows<Message>(
      `SELECT id, from_id, type, ceil(extract(epoch FROM date_trunc('second', created_at)))::int8::float8 AS created, data
        FROM message WHERE conv = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT ${rowsTogether}`,
      [conv, last, until],
    );
    const end = page.at(-1)?.id ?? until;
    await writer.transaction(async () => {
      if (conv >= firstPair && relate === 0) relate = await relationOf(writer, conv, page[0]?.created ?? 0);
      const rows: unknown[][] = [];
      for (const message of page) {
        notBefore = Math.max(notBefore, message.created);
        const content = await contentOf(options, conv, message, notReturned);
        if (content !== undefined) rows.push(rowOf(conv, relate, message, notBefore, content));
      }
      if (rows.length > 0) {
        const table = tableOf(conv, relate);
        await writer.run(`INSERT INTO ${table} (${columnsOf(conv)}) VALUES ?`, [rows]);
        await noteRows(writer, table);
      }
      await writer.run(
        `INSERT INTO teamtalk_returned (conv, relate_id, last_id) VALUES (?, ?, ?)
          ON DUPLICATE KEY UPDATE relate_id = VALUES(relate_id), last_id = VALUES(last_id)`,
        [conv.toString(), relate, end],
      );
    });
    last = end;
  }
  return until - lastId;
}

async function newestBefore(database: TargetDatabase, conv: bigint, lastId: number): Promise<number> {
  const [row] = await database.rows<{ created: number }>(
    `SELECT floor(extract(epoch FROM created_at))::int8::float8 AS created FROM message WHERE conv = $1 AND id = $2`,
    [conv, lastId],
  );
  return row?.created ?? 0;
}

/** The relation that the old server uses for a pair: of several the one that changed last; made where there is none. */
async function relationOf(writer: LegacyWriter, conv: bigint, created: number): Promise<number> {
  const pair = [Number(conv >> 32n), Number(conv & 0xffff_ffffn)];
  const [found] = await writer.rows<{ id: number }>(
    `SELECT id FROM IMRelationShip WHERE smallId = ? AND bigId = ? AND status = 0 ORDER BY updated DESC, id DESC LIMIT 1`,
    pair,
  );
  if (found) return found.id;
  const { insertId } = await writer.run(
    'INSERT INTO IMRelationShip (smallId, bigId, status, created, updated) VALUES (?, ?, 0, ?, ?)',
    [...pair, created, created],
  );
  return insertId;
}

function tableOf(conv: bigint, relate: number): string {
  return conv >= firstPair ? `IMMessage_${relate % 8}` : `IMGroupMessage_${conv % 8n}`;
}

function columnsOf(conv: bigint): string {
  const owner = conv >= firstPair ? 'relateId, fromId, toId' : 'groupId, userId';
  return `${owner}, msgId, content, type, status, updated, created`;
}

function rowOf(
  conv: bigint,
  relate: number,
  { id, from_id: from, type }: Message,
  created: number,
  content: string,
) {
  if (conv < firstPair) return [Number(conv), from, id, content, type, 0, created, created];
  const low = Number(conv >> 32n);
  const to = from === low ? Number(conv & 0xffff_ffffn) : low;
  return [relate, from, to, id, content, type, 0, created, created];
}

/** What the old column has for a message; undefined where the old servers have nothing of this kind. */
async function contentOf(
  options: ReturnOptions,
  conv: bigint,
  message: Message,
  notReturned: NotReturned,
): Promise<string | undefined> {
  const tell = (reason: string) => notReturned.set(reason, (notReturned.get(reason) ?? 0) + 1);
  const { type, data } = message;
  if (type === 1 || type === 17) {
    const text = data.toString('latin1');
    if (text.length > longest) tell('texts that the old column cuts off');
    return text.slice(0, longest);
  }
  if (type === 2 || type === 18) return String(await returnVoice(options, conv, message));
  tell(`messages of type ${type}, which the old clients do not know`);
  return undefined;
}

/** Writes the sound to the folder of the old msfs. Its name follows from the message, so that it is written once. */
async function returnVoice(
  { writer, images, imageUrl }: ReturnOptions,
  conv: bigint,
  { id, from_id: from, created, data }: Message,
): Promise<number> {
  const duration = data.length >= 4 ? data.readUInt32BE(0) : 0;
  const sound = data.subarray(4);
  const place = `${three(conv % 256n)}/${three(BigInt(id) % 256n)}/${created}000000_${conv}-${id}.audio`;
  if (images !== undefined && sound.length > 0) await writeDurably(path.join(images, place), sound);
  const low = Number(conv >> 32n);
  const to = conv < firstPair ? Number(conv) : from === low ? Number(conv & 0xffff_ffffn) : low;
  const { insertId } = await writer.run(
    'INSERT INTO IMAudio (fromId, toId, path, size, duration, created) VALUES (?, ?, ?, ?, ?, ?)',
    [from, to, `${imageUrl}g0/${place}`, sound.length, duration, created],
  );
  return insertId;
}

export async function writeDurably(file: string, content: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function three(number: bigint): string {
  return number.toString().padStart(3, '0');
}
