import { Failure } from '../../failure.js';
import { messageTables } from '../copy/message-tables.js';
import type { LegacyWriter } from '../legacy/writer.js';
import type { TargetDatabase } from '../target/database.js';
import { ImportState } from '../target/state.js';

/**
 * The newest row that the rollback has seen or written in each table of messages, committed with the messages, and whether the
 * numbers were written back. Kept in the old database, so that a rollback into a restored backup starts from the beginning.
 */
const knownRowsTable = `CREATE TABLE IF NOT EXISTS teamtalk_returned_rows (
  table_name VARCHAR(32) PRIMARY KEY, last_id BIGINT NOT NULL) ENGINE = InnoDB`;
const numbersRow = 'numbers';

/** The old servers have run since the cutover, or this is another store; the two sides cannot be merged. */
export class OtherStore extends Failure {}

/** The step in the import's state that records that a rollback has begun. */
const begunStep = 'rollback';

/**
 * Checks that the old store has only the messages it had at the cutover and those written back since.
 *
 * @throws OtherStore when it has other messages, or is another store; nothing has been written then
 */
export async function requireStopped(database: TargetDatabase, writer: LegacyWriter): Promise<void> {
  const state = new ImportState(database);
  const tables = await tablesOf(writer);
  // The table may be left over from an earlier import from this store.
  if ((await state.isDone(begunStep)) && tables.has('teamtalk_returned_rows'))
    return compare(writer, tables, await knownRows(writer));
  const positions = await database.rows<{ table_name: string; last: number }>(
    `SELECT table_name, greatest(settled, seen[cardinality(seen)])::float8 AS last FROM legacy_import.followed`,
  );
  const known = new Map(positions.map(({ table_name: name, last }) => [name, last]));
  await compare(writer, tables, known);
  await writer.run(knownRowsTable);
  await writer.run(
    `INSERT INTO teamtalk_returned_rows (table_name, last_id) VALUES ?
      ON DUPLICATE KEY UPDATE last_id = VALUES(last_id)`,
    [[...messageTables.map(({ name }) => [name, known.get(name) ?? -1]), [numbersRow, 0]]],
  );
  await state.once(begunStep, async (session) => {
    await session.run('SET LOCAL synchronous_commit = on');
  });
}

/** Records the newest row of a table; called in the transaction that writes its messages. */
export async function noteRows(writer: LegacyWriter, table: string): Promise<void> {
  await writer.run(
    `UPDATE teamtalk_returned_rows SET last_id = (SELECT MAX(id) FROM ${table}) WHERE table_name = ?`,
    [table],
  );
}

export async function areNumbersReturned(writer: LegacyWriter): Promise<boolean> {
  return (await knownRows(writer)).get(numbersRow) === 1;
}

export async function noteNumbers(writer: LegacyWriter): Promise<void> {
  await writer.run('UPDATE teamtalk_returned_rows SET last_id = 1 WHERE table_name = ?', [numbersRow]);
}

async function tablesOf(writer: LegacyWriter): Promise<Set<string>> {
  return new Set(
    (await writer.rows<Record<string, string>>('SHOW TABLES')).flatMap((row) => Object.values(row)),
  );
}

async function knownRows(writer: LegacyWriter): Promise<Map<string, number>> {
  const rows = await writer.rows<{ table_name: string; last_id: number }>(
    'SELECT table_name, last_id FROM teamtalk_returned_rows',
  );
  return new Map(rows.map(({ table_name: name, last_id: last }) => [name, last]));
}

async function compare(
  writer: LegacyWriter,
  tables: ReadonlySet<string>,
  known: ReadonlyMap<string, number>,
): Promise<void> {
  let [isEmpty, isSame] = [true, false];
  for (const { name } of messageTables) {
    if (!tables.has(name)) continue;
    const [row] = await writer.rows<{ last: number | null }>(`SELECT MAX(id) AS last FROM ${name}`);
    const [there, here] = [row?.last ?? -1, Math.max(-1, known.get(name) ?? -1)];
    if (there > here) {
      throw new OtherStore(
        `${name} has messages from after the cutover, so the old servers have run since. Each side now has messages that the other lacks. Nothing more was written.`,
      );
    }
    if (here > -1) isEmpty = false;
    if (here > -1 && there === here) isSame = true;
  }
  if (isEmpty || isSame) return;
  throw new OtherStore(
    '--write-mysql is not the imported database: none of its message tables ends where it did. Nothing more was written.',
  );
}
