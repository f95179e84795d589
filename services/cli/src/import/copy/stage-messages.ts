import type { LegacyDatabase } from '../legacy/mysql.js';
import type { Recordings } from '../legacy/recordings.js';
import { joined } from '../target/copy-text.js';
import type { TargetDatabase, TargetSession } from '../target/database.js';
import { recordLeftOut } from '../target/left-out.js';
import { partitions } from '../target/partitions.js';
import type { LeftOutReason } from '../verification.js';
import {
  hex,
  lineColumns,
  type MessageRow,
  type MessageTable,
  messageLine,
  type Page,
  pageQuery,
  sortRows,
} from './message-tables.js';
import { type Position, positionAfter } from './positions.js';

const pageRows = 20_000;

/**
 * Messages on their way, in the same partitions as table `message`. Unlogged: a crash of PostgreSQL empties them together with
 * `staged`, which says how far they were, so that they are read again.
 */
export const messageStaging: readonly string[] = [
  `CREATE UNLOGGED TABLE IF NOT EXISTS legacy_import.staged (
    table_name text PRIMARY KEY, settled int8 NOT NULL, seen int8[] NOT NULL, rows int8 NOT NULL, left_out jsonb NOT NULL,
    done bool NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS legacy_import.message (
    conv int8 NOT NULL, relate_id int8 NOT NULL, legacy_id int8 NOT NULL, from_id int8 NOT NULL, msg_id int8 NOT NULL,
    type int2 NOT NULL, created int8 NOT NULL, table_no int2 NOT NULL, data bytea NOT NULL) PARTITION BY HASH (conv)`,
  ...Array.from(
    { length: partitions },
    (_, part) => `CREATE UNLOGGED TABLE IF NOT EXISTS legacy_import.message_p${part}
      PARTITION OF legacy_import.message FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${part})
      WITH (autovacuum_enabled = false)`,
  ),
  `CREATE TABLE IF NOT EXISTS legacy_import.missing_recording (
    table_no int2, legacy_id int8, audio_id text NOT NULL, reason text NOT NULL, PRIMARY KEY (table_no, legacy_id))`,
];

export interface StageMessagesOptions {
  legacy: LegacyDatabase;
  database: TargetDatabase;
  recordings: Recordings;
  onRows(count: number): void;
}

/** Stages one table of messages, page by page; continues after the last page that is committed. */
export async function stageMessages(table: MessageTable, options: StageMessagesOptions): Promise<void> {
  const { legacy, database, onRows } = options;
  let { position, done } = await progressOf(database, table);
  let last = Math.max(position.settled, ...position.seen.slice(-1));
  if (!legacy.hasTable(table.name)) return;
  const query = pageQuery(table, legacy, pageRows);
  while (!done) {
    const page = await legacy.rows<MessageRow>(query, [last]);
    done = page.length < pageRows;
    last = page.at(-1)?.[0] ?? last;
    position = positionAfter(
      position,
      page.map(([id]) => id),
    );
    const sorted = sortRows(page);
    await database.transaction(async (session) => {
      await copyPage(session, table, sorted, options.recordings);
      await recordPage(session, table, { position, rows: page.length, leftOut: sorted.leftOut, done });
    });
    onRows(page.length);
  }
}

/** Number of rows read so far. */
export async function stagedRows(database: TargetDatabase): Promise<number> {
  const [row] = await database.rows<{ rows: string }>(
    'SELECT coalesce(sum(rows), 0) AS rows FROM legacy_import.staged',
  );
  return Number(row!.rows);
}

async function progressOf(database: TargetDatabase, { name }: MessageTable) {
  const [row] = await database.rows<{ settled: string; seen: string[]; done: boolean }>(
    'SELECT settled, seen, done FROM legacy_import.staged WHERE table_name = $1',
    [name],
  );
  const position: Position = { settled: Number(row?.settled ?? -1), seen: (row?.seen ?? []).map(Number) };
  return { position, done: row?.done ?? false };
}

/** Copies a page's lines; those of voice messages are filled in from their recordings. */
export async function copyPage(
  session: TargetSession,
  { number }: MessageTable,
  page: Page,
  recordings: Recordings,
  target = 'legacy_import.message',
): Promise<void> {
  if (page.lines.length + page.voices.length === 0) return;
  const missing: { legacyId: string; audioId: string; reason: string }[] = [];
  await session.copy(`${target} (${lineColumns})`, chunks(page, recordings, missing));
  if (missing.length === 0) return;
  await session.run(
    `INSERT INTO legacy_import.missing_recording (table_no, legacy_id, audio_id, reason)
      SELECT $1, m.legacy_id, m.audio_id, m.reason
      FROM unnest($2::int8[], $3::text[], $4::text[]) AS m (legacy_id, audio_id, reason)
      ON CONFLICT (table_no, legacy_id) DO UPDATE SET reason = excluded.reason`,
    [
      number,
      missing.map(({ legacyId }) => legacyId),
      missing.map(({ audioId }) => audioId),
      missing.map(({ reason }) => reason),
    ],
  );
}

async function* chunks(
  page: Page,
  recordings: Recordings,
  missing: { legacyId: string; audioId: string; reason: string }[],
): AsyncGenerator<Buffer> {
  yield* joined(page.lines);
  const ids = page.voices.map(({ audioId }) => audioId);
  let next = 0;
  for await (const recording of recordings.read(ids)) {
    const { fields, audioId } = page.voices[next++]!;
    if (recording.missing !== undefined) {
      const legacyId = fields.split('\t')[2]!;
      const shown = audioId.slice(0, 100).replaceAll(/[^ -~]/g, '?');
      missing.push({ legacyId, audioId: shown, reason: recording.missing });
    }
    yield Buffer.from(messageLine(fields, hex(recording.data)), 'latin1');
  }
}

async function recordPage(
  session: TargetSession,
  { name }: MessageTable,
  page: { position: Position; rows: number; leftOut: Page['leftOut']; done: boolean },
): Promise<void> {
  const [staged] = await session.rows<{ left_out: Page['leftOut'] }>(
    `INSERT INTO legacy_import.staged AS s (table_name, settled, seen, rows, left_out, done)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (table_name) DO UPDATE SET settled = excluded.settled, seen = excluded.seen, rows = s.rows + excluded.rows,
        done = excluded.done, left_out = (
          SELECT coalesce(jsonb_object_agg(reason, count), '{}')
          FROM (SELECT reason, sum(count::int8) AS count
            FROM (SELECT * FROM jsonb_each_text(s.left_out) UNION ALL SELECT * FROM jsonb_each_text(excluded.left_out))
              AS together (reason, count)
            GROUP BY reason) AS summed)
      RETURNING left_out`,
    [name, page.position.settled, page.position.seen, page.rows, JSON.stringify(page.leftOut), page.done],
  );
  if (!page.done) return;
  for (const [reason, count] of Object.entries(staged!.left_out) as [LeftOutReason, number][])
    await recordLeftOut(session, name, reason, count);
}
