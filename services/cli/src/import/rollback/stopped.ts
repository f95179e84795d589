import { Failure } from '../../failure.js';
import { messageTables } from '../copy/message-tables.js';
import type { LegacyWriter } from '../legacy/writer.js';
import type { TargetDatabase } from '../target/database.js';
import { ImportState } from '../target/state.js';

/**
 * The newest row of each table of messages that this has seen or written, committed with the messages; and whether the numbers were
 * returned. In the old database, so that one that is restored from a backup is written to from the beginning.
 */
const knownRowsTable = `CREATE TABLE IF NOT EXISTS teamtalk_returned_rows (
  table_name VARCHAR(32) PRIMARY KEY, last_id BIGINT NOT NULL) ENGINE = InnoDB`;
const numbersRow = 'numbers';

/** The old servers have run, or it is another store: nobody can put both together. */
export class OtherStore extends Failure {}

/** The step of the import's state that says that something was written back. */
const begunStep = 'rollback';

/**
 * Makes sure that the old store has the messages that it had at the cutover and those that were written back, and no others.
 *
 * @throws OtherStore where it has others, or is another store; nothing was written then
 */
export async function requireStopped(database: TargetDatabase, writer: LegacyWriter): Promise<void> {
  const state = new ImportState(database);
  const tables = await tablesOf(writer);
  // An earlier move from this store may have left the table.
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

/** Within the transaction that writes messages: the newest row of their table is known by now. */
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
        `${name} has messages from after the cutover: the old servers have run since. Both sides have messages now that the other lacks. Nothing more was written.`,
      );
    }
    if (here > -1) isEmpty = false;
    if (here > -1 && there === here) isSame = true;
  }
  if (isEmpty || isSame) return;
  throw new OtherStore(
    '--write-mysql is not the database that was moved: no table of messages ends where it did. Nothing more was written.',
  );
}
