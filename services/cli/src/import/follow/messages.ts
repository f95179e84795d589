import {
  type MessageRow,
  type MessageTable,
  messageTables,
  pageQuery,
  sortRows,
} from '../copy/message-tables.js';
import { type Position, positionAfter } from '../copy/positions.js';
import { copyPage } from '../copy/stage-messages.js';
import type { LegacyDatabase } from '../legacy/mysql.js';
import type { Recordings } from '../legacy/recordings.js';
import type { TargetDatabase, TargetSession } from '../target/database.js';
import { addLeftOut } from '../target/left-out.js';
import type { LeftOutReason } from '../verification.js';
import { placeArrivals } from './arrivals.js';

/** Rows that are brought to their places in one transaction. */
const batchRows = 20_000;

interface Source {
  legacy: LegacyDatabase;
  database: TargetDatabase;
  recordings: Recordings;
  onRows(count: number): void;
}

interface Batch {
  table: MessageTable;
  rows: MessageRow[];
  position: Position;
}

/**
 * Brings the messages that came since the last call. Rows of a table whose ids are lower than ones that are here come, too, when they are
 * among the newest thousand.
 */
export async function followMessages(source: Source, signal?: AbortSignal): Promise<void> {
  while (!signal?.aborted) {
    const { batches, isFull } = await readBatches(source);
    if (batches.length > 0) await placeBatches(source, batches);
    source.onRows(batches.reduce((sum, { rows }) => sum + rows.length, 0));
    if (!isFull) return;
  }
}

/** How many rows the tables have beyond those that were read. Nearly exact: rows are only ever inserted. */
export async function rowsBehind({ legacy, database }: Pick<Source, 'legacy' | 'database'>): Promise<number> {
  const positions = await readPositions(database);
  let behind = 0;
  for (const { name } of messageTables) {
    if (!legacy.hasTable(name)) continue;
    const last = lastOf(positions.get(name));
    const [row] = await legacy.rows<[number | null]>(`SELECT MAX(id) FROM ${name}`);
    behind += Math.max(0, (row?.[0] ?? 0) - Math.max(0, last));
  }
  return behind;
}

async function readBatches({ legacy, database }: Source): Promise<{ batches: Batch[]; isFull: boolean }> {
  const positions = await readPositions(database);
  const batches: Batch[] = [];
  let room = batchRows;
  for (const table of messageTables) {
    if (room === 0) break;
    if (!legacy.hasTable(table.name)) continue;
    const position = positions.get(table.name) ?? { settled: -1, seen: [] };
    const rows = await legacy.rows<MessageRow>(pageQuery(table, legacy, room, position.seen), [
      position.settled,
    ]);
    if (rows.length === 0) continue;
    const ids = rows.map(([id]) => id);
    batches.push({ table, rows, position: positionAfter(position, ids) });
    room -= rows.length;
  }
  return { batches, isFull: room === 0 };
}

async function placeBatches({ database, recordings }: Source, batches: readonly Batch[]): Promise<void> {
  const pages = batches.map((batch) => ({ ...batch, page: sortRows(batch.rows) }));
  await database.transaction(async (session) => {
    for (const { table, page, position } of pages) {
      await copyPage(session, table, page, recordings, 'legacy_import.arrived');
      for (const [reason, count] of Object.entries(page.leftOut) as [LeftOutReason, number][])
        await addLeftOut(session, table.name, reason, count);
      await keepPosition(session, table, position);
    }
    await placeArrivals(session);
  });
}

export async function readPositions(database: TargetDatabase): Promise<ReadonlyMap<string, Position>> {
  const rows = await database.rows<{ table_name: string; settled: string; seen: string[] }>(
    'SELECT table_name, settled, seen FROM legacy_import.followed',
  );
  return new Map(
    rows.map(({ table_name: name, settled, seen }) => [
      name,
      { settled: Number(settled), seen: seen.map(Number) },
    ]),
  );
}

async function keepPosition(session: TargetSession, { name }: MessageTable, { settled, seen }: Position) {
  await session.run(
    `INSERT INTO legacy_import.followed (table_name, settled, seen) VALUES ($1, $2, $3)
      ON CONFLICT (table_name) DO UPDATE SET settled = excluded.settled, seen = excluded.seen`,
    [name, settled, seen],
  );
}

function lastOf(position: Position | undefined): number {
  return Math.max(position?.settled ?? -1, ...(position?.seen.slice(-1) ?? []));
}
