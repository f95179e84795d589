import type { LegacyDatabase, LegacyValue } from '../legacy/mysql.js';
import { chunksOf, copyLine } from '../target/copy-text.js';
import type { TargetSession } from '../target/database.js';
import { recordLeftOut } from '../target/left-out.js';
import type { ImportState } from '../target/state.js';
import { type StagedTable, stagedTables, stagingColumns, stagingOf } from './staged-tables.js';

const pageRows = 20_000;
/** ids are int4 here, and unsigned there */
const largestId = 2_147_483_647;
/** Tables whose ids are those of the new tables. */
const keepsIds: readonly StagedTable[] = ['IMDepart', 'IMUser', 'IMGroup', 'IMDiscovery'];

/** The statements that create the staging tables of the small legacy tables. */
export const stagingTables: readonly string[] = Object.keys(stagedTables).map(
  (table) =>
    `CREATE TABLE IF NOT EXISTS ${stagingOf(table as StagedTable)} (${stagingColumns(table as StagedTable)})`,
);

/** Stages one small table whole, in one transaction. A table or column that the legacy database lacks is empty. */
export async function stageTable(
  legacy: LegacyDatabase,
  state: ImportState,
  table: StagedTable,
): Promise<void> {
  await state.once(`stage ${table}`, (session) => fillStaging(session, legacy, table));
}

/** Fills a staging table anew with all rows that the legacy one has now. */
export async function fillStaging(
  session: TargetSession,
  legacy: LegacyDatabase,
  table: StagedTable,
): Promise<void> {
  await session.run(`DELETE FROM ${stagingOf(table)}`);
  if (!legacy.hasTable(table)) return;
  await session.copy(stagingOf(table), linesOf(legacy, table));
  if (legacy.project !== undefined) {
    const [others] = await legacy.rows<[number]>(
      `SELECT COUNT(*) FROM ${table} WHERE ${legacy.isOther(table)}`,
    );
    await recordLeftOut(session, table, 'other-project', Number(others![0]));
  }
  if (keepsIds.includes(table)) {
    const beyond = await session.run(
      `DELETE FROM ${stagingOf(table)} WHERE id NOT BETWEEN 1 AND ${largestId}`,
    );
    await recordLeftOut(session, table, 'id-too-large', beyond);
  }
  await session.run(`ANALYZE ${stagingOf(table)}`);
}

async function* linesOf(legacy: LegacyDatabase, table: StagedTable): AsyncGenerator<Buffer> {
  const columns = Object.keys(stagedTables[table]).map((column) =>
    legacy.hasColumn(table, column) ? `\`${column}\`` : `NULL AS \`${column}\``,
  );
  const sql = `SELECT ${columns.join(', ')} FROM \`${table}\` WHERE id > ? AND NOT (${legacy.isOther(table)}) ORDER BY id LIMIT ${pageRows}`;
  for (let last = -1; ; ) {
    const rows = await legacy.rows<LegacyValue[]>(sql, [last]);
    yield* chunksOf(lines(rows));
    if (rows.length < pageRows) return;
    last = rows.at(-1)![0] as number;
  }
}

function* lines(rows: readonly LegacyValue[][]): Generator<string> {
  for (const row of rows) yield copyLine(row as (string | number | null)[]);
}
