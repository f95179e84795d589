import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../../actor.js';
import { openAudit, recordEvents, setFields } from '../../audit/record-event.js';
import type { Database, Query, Statement } from '../../database/database.js';
import { isStorableId } from '../../database/ids.js';
import { isStorableText } from '../../database/text.js';
import { departmentsByName } from './departments-by-name.js';
import {
  type Existing,
  type Fault,
  type FindDepartment,
  type ImportedFields,
  type ImportOutcome,
  judgeRow,
  undoOf,
  type WrittenUser,
} from './judge-row.js';
import * as sql from './statements.js';

/** Most rows of one import. */
const maxImportRows = 50_000;
/** Most rows of one call. */
export const maxRowsAtATime = sql.batchRows;
/** Most imports in the list, the newest ones. */
const listed = 50;

export interface ImportRow {
  id: number;
  file_name: string;
  created_by: string;
  /** unix seconds */
  created_at: number;
  begun: boolean;
  reverted: boolean;
  rows: number;
  creates: number;
  changes: number;
  same: number;
  errors: number;
  done: number;
  undone: number;
  kept: number;
}

export interface JudgedRow {
  row_no: number;
  name: string;
  outcome: ImportOutcome;
  faults: Fault[];
  /** 0 not done, 1 done, 2 undone, 3 undone but for what others changed */
  state: number;
  /** 0: none yet */
  user_id: number;
}

export type ImportResult<T> = { result: 'done'; value: T } | { result: 'not-found' | 'conflict' | 'full' };

interface FoundUser extends Required<ImportedFields> {
  id: number;
  name: string;
  takenBack: boolean;
}

/** What becomes of a row, for the statement. */
interface Settled {
  row_no: number;
  state: number;
  outcome?: ImportOutcome;
  faults?: Fault[];
  user_id?: number;
  before?: object;
  after?: object;
}

/** Users from files: checked row by row, then added and changed, and taken back when that was a mistake. */
export class UserImports {
  readonly #database: Pick<Database, 'query' | 'transaction'>;

  constructor(database: Pick<Database, 'query' | 'transaction'>) {
    this.#database = database;
  }

  /** @returns its id */
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

  /** The newest first. */
  list(): Promise<ImportRow[]> {
    return this.#database.query<ImportRow>(sql.listImports, [listed]);
  }

  async find(importId: number): Promise<ImportRow | undefined> {
    if (!isStorableId(importId)) return undefined;
    return (await this.#database.query<ImportRow>(sql.oneImport, [importId]))[0];
  }

  /** Ascending, at most 1,000. @param outcome empty: any */
  async rows(importId: number, after: number, limit: number, outcome: string): Promise<JudgedRow[]> {
    if (!isStorableId(importId)) return [];
    return this.#database.query<JudgedRow>(sql.listRows, [importId, after, Math.min(limit, 1_000), outcome]);
  }

  /**
   * Checks rows and keeps them, without changing any user; those that are there already are replaced.
   * `conflict`: its users were imported already; `full`: it would have more than 50,000 rows
   * @param written at most 500, each another row
   * @throws TeamTalkError `invalid-argument` when a row is there twice
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
      if (current.begun) return { result: 'conflict' };
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
   * Adds and changes the users of the next 500 rows; called again until none is left. Each row is checked again: the users
   * may have changed since.
   * `conflict`: it was undone
   */
  run(importId: number, actor: Actor): Promise<ImportResult<ImportRow>> {
    return this.#inImport<ImportRow>('run_user_import', importId, actor, async (query, current) => {
      if (current.reverted) return { result: 'conflict' };
      await query(sql.begin, [importId]);
      const rows = await query<{ row_no: number; name: string; fields: ImportedFields }>(sql.waitingRows, [
        importId,
      ]);
      const users = await existing(
        query,
        sql.lockUsersByName,
        rows.map(({ name }) => name),
      );
      const find = await departmentsNow(query);
      const judged = rows.map(({ row_no, name, fields }) => ({
        row_no,
        name,
        ...judgeRow(writtenAgain(row_no, name, fields), users.get(name), 0, find),
      }));
      const wanted = judged.filter(({ outcome }) => outcome === 'create');
      const rowsToAdd = JSON.stringify(wanted.map(({ name, fields }) => ({ name, ...fields })));
      const created =
        wanted.length > 0 ? await query<{ id: number; name: string }>(sql.createUsers, [rowsToAdd]) : [];
      const ids = new Map(created.map(({ id, name }) => [name, id]));
      const changed = judged.filter(({ outcome }) => outcome === 'change');
      await changeUsers(
        query,
        changed.map(({ name, changes }) => ({ id: users.get(name)?.id, ...changes?.after })),
      );
      await recordEvents(query, actor, [
        ...wanted.flatMap(({ name, fields }) => {
          const id = ids.get(name);
          const after = setFields({ name, ...fields, import: importId });
          return id ? [{ verb: 'user.create', resource: `user ${id}`, after }] : [];
        }),
        ...changed.map(({ name, changes }) => ({
          verb: 'user.change',
          resource: `user ${users.get(name)?.id}`,
          before: changes?.before ?? {},
          after: { ...changes?.after, import: importId },
        })),
      ]);
      const settled = judged.map(({ row_no, name, outcome, faults, changes }): Settled => {
        if (outcome === 'create') {
          const id = ids.get(name);
          const disabled = { before: { disabled: true }, after: { disabled: false } };
          if (id) return { row_no, state: 1, outcome, user_id: id, ...disabled };
          return {
            row_no,
            state: 1,
            outcome: 'error',
            faults: [{ column: 'name', fault: 'taken', value: name }],
          };
        }
        const userId = users.get(name)?.id;
        return { row_no, state: 1, outcome, faults, ...(userId && { user_id: userId }), ...changes };
      });
      return this.#settle(query, importId, settled);
    });
  }

  /**
   * Takes back what the last 500 rows that were done did; called again until none is left. Users who were added have left
   * then; of those who were changed only what nobody has changed since is put back.
   * `conflict`: nothing was imported
   * @returns with those who have left by it, whose connections are to be ended
   */
  async undo(importId: number, actor: Actor): Promise<ImportResult<ImportRow & { left: number[] }>> {
    const left: number[] = [];
    const outcome = await this.#inImport<ImportRow>(
      'undo_user_import',
      importId,
      actor,
      async (query, current) => {
        if (!current.begun) return { result: 'conflict' };
        left.length = 0;
        await query(sql.beginUndo, [importId]);
        const rows = await query<Required<Settled>>(sql.doneRows, [importId]);
        const found = await existing(
          query,
          sql.lockUsers,
          rows.map(({ user_id: id }) => id),
        );
        const users = new Map(Array.from(found.values(), (user) => [user.id, user]));
        const undone = rows.map(({ row_no, user_id, before, after }) => {
          const user = users.get(user_id);
          return {
            row_no,
            user_id,
            ...(user
              ? undoOf(user, before as ImportedFields, after as ImportedFields)
              : { changes: undefined, kept: true }),
          };
        });
        const changed = undone.filter(({ changes }) => changes !== undefined);
        await changeUsers(
          query,
          changed.map(({ user_id: id, changes }) => ({ id, ...changes?.after })),
        );
        await recordEvents(
          query,
          actor,
          changed.map(({ user_id: id, changes }) => ({
            verb: 'user.change',
            resource: `user ${id}`,
            before: changes?.before ?? {},
            after: { ...changes?.after, undoneImport: importId },
          })),
        );
        for (const { user_id: id, changes } of changed) {
          if ((changes?.after as ImportedFields | undefined)?.disabled) left.push(id);
        }
        return this.#settle(
          query,
          importId,
          undone.map(({ row_no, kept }) => ({ row_no, state: kept ? 3 : 2 })),
        );
      },
    );
    return outcome.result === 'done' ? { result: 'done', value: { ...outcome.value, left } } : outcome;
  }

  /** Removes an import that is older than a month. @returns how many */
  async purge(): Promise<number> {
    return (await this.#database.query(sql.purgeImports, [])).length;
  }

  async #settle(
    query: Query,
    importId: number,
    settled: readonly Settled[],
  ): Promise<ImportResult<ImportRow>> {
    await query(sql.settleRows, [importId, JSON.stringify(settled)]);
    await query(sql.recount, [importId]);
    const [row] = await query<ImportRow>(sql.oneImport, [importId]);
    return { result: 'done', value: row as ImportRow };
  }

  /** In a transaction that keeps out other calls for the same import. */
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

async function changeUsers(query: Query, changes: readonly object[]): Promise<void> {
  if (changes.length > 0) await query(sql.changeUsers, [JSON.stringify(changes)]);
}

async function departmentsNow(query: Query): Promise<FindDepartment> {
  return departmentsByName(await query<{ id: number; name: string; parent_id: number }>(sql.departments, []));
}

/** By name. @param wanted names, or ids where the statement takes these */
async function existing(
  query: Query,
  statement: Statement,
  wanted: readonly string[] | readonly number[],
): Promise<Map<string, Existing>> {
  const rows = await query<FoundUser>(statement, [wanted]);
  return new Map(rows.map(({ id, name, takenBack, ...fields }) => [name, { id, takenBack, fields }]));
}

/** A row that was checked before, as it is checked again: with numbers in place of words. */
function writtenAgain(row: number, name: string, fields: ImportedFields): WrittenUser {
  const { gender, departmentId, disabled: _, ...texts } = fields;
  return {
    row,
    name,
    ...texts,
    ...(gender !== undefined && { gender: String(gender) }),
    ...(departmentId !== undefined && { department: `#${departmentId}` }),
  };
}
