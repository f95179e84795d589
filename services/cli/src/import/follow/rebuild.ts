import {
  countsQuery,
  type MessageRow,
  type MessageTable,
  messageTables,
  rowsQuery,
  sortRows,
} from '../copy/message-tables.js';
import type { Position } from '../copy/positions.js';
import { copyPage } from '../copy/stage-messages.js';
import { type LegacyDatabase, wholeTableMs } from '../legacy/mysql.js';
import type { Recordings } from '../legacy/recordings.js';
import { chunksOf, copyLine } from '../target/copy-text.js';
import type { TargetDatabase, TargetSession } from '../target/database.js';
import { firstPair } from '../target/first-pair.js';
import { messagesBefore, placeArrivals } from './arrivals.js';
import { readPositions } from './messages.js';

/** Conversations rebuilt in one transaction. */
const together = 50;
const pageRows = 5_000;

export interface RebuildSource {
  legacy: LegacyDatabase;
  database: TargetDatabase;
  recordings: Recordings;
}

/**
 * Rebuilds conversations whose messages have been deleted or restored in the old store since they were read. Only comparing
 * the ids of all rows shows that, which takes a while. Afterwards, users' read positions have to be imported again.
 *
 * @returns number of rebuilt conversations
 */
export async function rebuildChanged(source: RebuildSource): Promise<number> {
  const { database } = source;
  const positions = await readPositions(database);
  const changed = await changedConversations(source, positions);
  for (let at = 0; at < changed.length; at += together) {
    const convs = changed.slice(at, at + together);
    await database.transaction((session) => rebuild(source, session, positions, convs));
  }
  return changed.length;
}

type Positions = ReadonlyMap<string, Position>;

/** SQL condition for the rows that have been read; later rows cannot be missing yet. */
function readOnes(table: MessageTable, positions: Positions): string {
  const { settled, seen } = positions.get(table.name) ?? { settled: -1, seen: [] };
  return seen.length === 0 ? `id <= ${settled}` : `(id <= ${settled} OR id IN (${seen.join(', ')}))`;
}

async function changedConversations(source: RebuildSource, positions: Positions): Promise<string[]> {
  return source.database.transaction(async (session) => {
    await session.run('CREATE TEMP TABLE there (conv int8, count int8, ids numeric) ON COMMIT DROP');
    for (const table of messageTables) {
      if (!source.legacy.hasTable(table.name)) continue;
      const counts = await source.legacy.rows<[string, number, string]>(
        countsQuery(table, source.legacy, `WHERE ${readOnes(table, positions)}`),
        [],
        wholeTableMs,
      );
      await session.copy('there', chunksOf(counts.map(copyLine)));
    }
    const rows = await session.rows<{ conv: string }>(`
      SELECT conv::text FROM (SELECT conv, sum(count) AS count, sum(ids) AS ids FROM there GROUP BY conv) AS t
      FULL JOIN (SELECT conv, count(*) AS count, sum(token) AS ids FROM message GROUP BY conv) AS h USING (conv)
      WHERE ROW(t.count, t.ids) IS DISTINCT FROM ROW(h.count, h.ids) ORDER BY conv`);
    return rows.map(({ conv }) => conv);
  });
}

async function rebuild(
  source: RebuildSource,
  session: TargetSession,
  positions: Positions,
  convs: readonly string[],
): Promise<void> {
  await forgetConversations(session, convs);
  for (const table of messageTables) {
    const which = rowsOf(table, convs);
    if (which === undefined || !source.legacy.hasTable(table.name)) continue;
    for (let last = -1, isFull = true; isFull; ) {
      const rows = await source.legacy.rows<MessageRow>(
        rowsQuery(
          table,
          source.legacy,
          `WHERE id > ${last} AND ${readOnes(table, positions)} AND (${which}) ORDER BY id LIMIT ${pageRows}`,
        ),
      );
      await copyPage(session, table, sortRows(rows), source.recordings, 'legacy_import.arrived');
      isFull = rows.length === pageRows;
      last = rows.at(-1)?.[0] ?? last;
    }
  }
  await placeArrivals(session);
  await session.run(
    `UPDATE group_member g SET join_msg_id = ${messagesBefore('g.group_id', 'g.joined_at')} WHERE g.group_id = ANY ($1::int8[])`,
    [convs],
  );
  await removePlaceholders(session);
}

/** SQL condition for the rows of these conversations; undefined if a table of this kind has none. */
function rowsOf({ isGroup, number }: MessageTable, convs: readonly string[]): string | undefined {
  const own = convs.map(BigInt).filter((conv) => (isGroup ? conv < firstPair : conv >= firstPair));
  if (isGroup) {
    const groups = own.filter((group) => group % 8n === BigInt(number - 8));
    return groups.length === 0 ? undefined : `groupId IN (${groups.join(', ')})`;
  }
  if (own.length === 0) return undefined;
  return own
    .map((conv) => {
      const [low, high] = [conv >> 32n, conv & 0xffff_ffffn];
      return `(fromId = ${low} AND toId = ${high}) OR (fromId = ${high} AND toId = ${low})`;
    })
    .join(' OR ');
}

/** Removes conversations with all that is stored about their messages. */
export async function forgetConversations(session: TargetSession, convs: readonly string[]): Promise<void> {
  for (const table of [
    'message',
    'conversation',
    'legacy_import.message_map',
    'legacy_import.message_relation',
  ]) {
    await session.run(`DELETE FROM ${table} WHERE conv = ANY ($1::int8[])`, [convs]);
  }
}

/** Removes placeholders of users without a row that no message refers to any more. */
export async function removePlaceholders(session: TargetSession): Promise<void> {
  await session.run(`
    WITH over AS (
      DELETE FROM legacy_import.placeholder_user p
      WHERE NOT EXISTS (SELECT FROM conversation c WHERE c.conv BETWEEN p.id::int8 << 32 AND (p.id::int8 << 32) + 4294967295)
        AND NOT EXISTS (SELECT FROM conversation c WHERE c.conv >= ${firstPair} AND c.conv & 4294967295 = p.id)
        AND NOT EXISTS (SELECT FROM message m WHERE m.conv < ${firstPair} AND m.from_id = p.id)
      RETURNING id
    )
    DELETE FROM im_user u USING over o WHERE o.id = u.id`);
}
