import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../../actor.js';
import { openAudit, recordEvents } from '../../audit/record-event.js';
import type { Database, Query } from '../../database/database.js';
import { isStorableId } from '../../database/ids.js';
import { isStorableText } from '../../database/text.js';
import * as bulk from './bulk-statements.js';
import { type BulkChange, chooseUsers, type Unchoosable } from './choose-users.js';
import { departmentsNow, existing, type ImportRow, type ToDo } from './import-rows.js';
import { type IssuedPasswords, issuePasswords } from './issue-passwords.js';
import { type Fault, type ImportOutcome, judgeRow, type WrittenUser } from './judge-row.js';
import { runRows } from './run-import.js';
import * as sql from './statements.js';
import { undoRows } from './undo-import.js';

/** Most rows of one import. */
export const maxImportRows = 50_000;
/** Most rows per call. */
export const maxRowsAtATime = sql.batchRows;
/** Most imports listed, the newest ones. */
const listed = 50;

export interface JudgedRow {
  row_no: number;
  name: string;
  outcome: ImportOutcome;
  faults: Fault[];
  /** 0 not done, 1 done, 2 undone, 3 undone except for what others changed */
  state: number;
  /** 0: no user yet */
  user_id: number;
}

interface LeftToDo {
  rowNo: number;
  userId: number;
  toDo: ToDo;
}

export type ImportResult<T> =
  | { result: 'done'; value: T }
  | { result: 'not-found' | 'conflict' | 'full' | Unchoosable };

/** Imports of users from files: rows are checked, then users are added and changed; an import can be undone. */
export class UserImports {
  readonly #database: Pick<Database, 'query' | 'transaction'>;

  constructor(database: Pick<Database, 'query' | 'transaction'>) {
    this.#database = database;
  }

  /** @returns the import's id */
  create(fileName: string, actor: Actor): Promise<number> {
    return this.#database.transaction('create_user_import', async (query) => {
      const record = await openAudit(query, actor);
      const shown = isStorableText(fileName, 256) ? fileName : 'a file';
      const [row] = await query<{ id: number }>(sql.createImport, [shown, actor.name]);
      const id = (row as { id: number }).id;
      await record({ verb: 'import.create', resource: `import ${id}`, after: { fileName: shown } });
      return id;
    });
  }

  /**
   * Chooses users for a bulk change; changes none of them yet.
   * `full`: there are more than 50,000
   */
  choose(change: BulkChange, userIds: readonly number[], actor: Actor): Promise<ImportResult<ImportRow>> {
    if (userIds.length > maxImportRows) return Promise.resolve({ result: 'full' });
    return this.#database.transaction('choose_users', async (query) => {
      const record = await openAudit(query, actor);
      const chosen = await chooseUsers(query, change, userIds, actor);
      if (typeof chosen === 'string') return { result: chosen };
      await query(sql.recount, [chosen]);
      const [row] = await query<ImportRow>(sql.oneImport, [chosen]);
      const after = { ...change, users: row?.rows };
      await record({ verb: 'import.choose', resource: `import ${chosen}`, after });
      return { result: 'done', value: row as ImportRow };
    });
  }

  /** The first rows with one of these things left to do, and their users; 0: the user is not to be changed any more. */
  async leftToDo(importId: number, toDo: readonly ToDo[], limit: number): Promise<LeftToDo[]> {
    if (!isStorableId(importId)) return [];
    return this.#database.query<LeftToDo>(bulk.leftToDo, [importId, toDo, limit]);
  }

  /** Notes what is left to do for rows after `was` was done. @returns the import */
  async setToDo(
    importId: number,
    rows: readonly number[],
    was: ToDo,
    next: ToDo,
  ): Promise<ImportRow | undefined> {
    if (!isStorableId(importId)) return undefined;
    return this.#database.transaction('bulk_change_to_do', async (query) => {
      // The import first, as everywhere.
      await query(sql.lockImport, [importId]);
      return (await query<ImportRow>(bulk.setToDo, [importId, rows, was, next]))[0];
    });
  }

  /** The rows of these users whose connections are still to be ended. */
  async toCutOff(importId: number, userIds: readonly number[]): Promise<number[]> {
    if (!isStorableId(importId)) return [];
    const rows = await this.#database.query<{ rowNo: number }>(bulk.toCutOff, [importId, userIds]);
    return rows.map(({ rowNo }) => rowNo);
  }

  /** Newest first. */
  list(): Promise<ImportRow[]> {
    return this.#database.query<ImportRow>(sql.listImports, [listed]);
  }

  async find(importId: number): Promise<ImportRow | undefined> {
    if (!isStorableId(importId)) return undefined;
    return (await this.#database.query<ImportRow>(sql.oneImport, [importId]))[0];
  }

  /** Ascending by row, at most 1,000. @param outcome empty: any */
  async rows(importId: number, after: number, limit: number, outcome: string): Promise<JudgedRow[]> {
    if (!isStorableId(importId)) return [];
    return this.#database.query<JudgedRow>(sql.listRows, [importId, after, Math.min(limit, 1_000), outcome]);
  }

  /**
   * Checks rows and stores them, replacing rows with the same numbers; changes no user.
   * `conflict`: the import has begun already; `full`: it would have more than 50,000 rows
   * @param written at most 500 rows with different numbers
   * @throws TeamTalkError `invalid-argument` when a row number is repeated
   */
  addRows(
    importId: number,
    written: readonly WrittenUser[],
    actor: Actor,
  ): Promise<ImportResult<JudgedRow[]>> {
    const numbers = written.map(({ row }) => row);
    if (new Set(numbers).size < numbers.length) {
      return Promise.reject(new TeamTalkError('invalid-argument', 'a row is there twice'));
    }
    return this.#inImport<JudgedRow[]>('check_user_import', importId, actor, async (query, current) => {
      if (current.begun || current.kind !== 'file') return { result: 'conflict' };
      if (current.rows + written.length > maxImportRows) {
        const again = await query(sql.sameRows, [importId, numbers]);
        if (current.rows + written.length - again.length > maxImportRows) return { result: 'full' };
      }
      const names = written.map(({ name }) => name);
      const users = await existing(query, sql.usersByName, names);
      const others = await query<{ name: string; row_no: number }>(sql.otherRows, [importId, names, numbers]);
      const seen = new Map(others.map(({ name, row_no: row }) => [name, row]));
      const find = await departmentsNow(query);
      const judged = written.map((each) => {
        const { outcome, faults, fields } = judgeRow(
          each,
          users.get(each.name),
          seen.get(each.name) ?? 0,
          find,
        );
        if (!seen.has(each.name)) seen.set(each.name, each.row);
        return { row_no: each.row, name: each.name, outcome, faults, fields };
      });
      await query(sql.putRows, [importId, JSON.stringify(judged)]);
      await query(sql.recount, [importId]);
      const after = { rows: written.length, first: Math.min(...numbers), last: Math.max(...numbers) };
      await recordEvents(query, actor, [{ verb: 'import.check', resource: `import ${importId}`, after }]);
      const value = judged.map(({ fields: _, ...row }) => ({ ...row, state: 0, user_id: 0 }));
      return { result: 'done', value };
    });
  }

  /**
   * Adds and changes the users of the next 500 rows; callers repeat it until no row is left. Each row is checked again, since
   * users may have changed after the dry run.
   * `conflict`: the import was undone
   */
  run(importId: number, actor: Actor): Promise<ImportResult<ImportRow>> {
    return this.#inImport<ImportRow>('run_user_import', importId, actor, async (query, current) => {
      if (current.reverted) return { result: 'conflict' };
      return { result: 'done', value: await runRows(query, current, actor) };
    });
  }

  /**
   * Undoes the last 500 imported rows; callers repeat it until no row is left. Users that were added count as having left; of
   * users that were changed, only the fields that nobody has changed since are restored.
   * `conflict`: nothing was imported
   */
  undo(importId: number, actor: Actor): Promise<ImportResult<ImportRow>> {
    return this.#inImport<ImportRow>('undo_user_import', importId, actor, async (query, current) => {
      if (!current.begun) return { result: 'conflict' };
      return { result: 'done', value: await undoRows(query, current, actor) };
    });
  }

  /**
   * Issues passwords to the next 500 users that the import added. They are only in the result.
   * `conflict`: nothing was imported, or it was undone
   */
  issuePasswords(
    importId: number,
    { after, renew }: { after: number; renew: boolean },
    actor: Actor,
  ): Promise<ImportResult<IssuedPasswords>> {
    return this.#inImport<IssuedPasswords>('issue_passwords', importId, actor, async (query, current) => {
      if (!current.begun || current.reverted) return { result: 'conflict' };
      return { result: 'done', value: await issuePasswords(query, { importId, after, renew }, actor) };
    });
  }

  /** Removes an import that is older than 30 days. @returns the number removed, 0 or 1 */
  async purge(): Promise<number> {
    return (await this.#database.query(sql.purgeImports, [])).length;
  }

  /** Runs `work` in a transaction that locks the import. */
  async #inImport<T>(
    name: string,
    importId: number,
    actor: Actor,
    work: (query: Query, current: ImportRow) => Promise<ImportResult<T>>,
  ): Promise<ImportResult<T>> {
    if (!isStorableId(importId)) return { result: 'not-found' };
    return this.#database.transaction(name, async (query) => {
      await openAudit(query, actor);
      const [current] = await query<ImportRow>(sql.lockImport, [importId]);
      return current ? work(query, current) : { result: 'not-found' };
    });
  }
}
