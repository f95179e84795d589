import type { Actor } from '../../actor.js';
import { changesOf, recordEvents, setFields } from '../../audit/record-event.js';
import type { Query } from '../../database/database.js';
import {
  changeUsers,
  departmentsNow,
  existing,
  existingById,
  type ImportRow,
  type Settled,
  settle,
} from './import-rows.js';
import {
  type Existing,
  type ImportedFields,
  type Judgement,
  judgeRow,
  type WrittenUser,
} from './judge-row.js';
import * as sql from './statements.js';

interface WaitingRow {
  row_no: number;
  name: string;
  fields: ImportedFields;
  /** of a bulk change; null: the name says which user */
  user_id: number | null;
}

interface JudgedAgain extends Judgement {
  row_no: number;
  name: string;
  /** undefined: there is no such user yet */
  id: number | undefined;
}

/** Adds and changes the users of the next rows. Each row is checked again, since users may have changed after the dry run. */
export async function runRows(
  query: Query,
  { id: importId, kind }: ImportRow,
  actor: Actor,
): Promise<ImportRow> {
  await query(sql.begin, [importId]);
  const rows = await query<WaitingRow>(sql.waitingRows, [importId]);
  const judged = kind === 'file' ? await judgeWritten(query, rows) : await judgeChosen(query, rows);
  const wanted = judged.filter(({ outcome }) => outcome === 'create');
  const rowsToAdd = JSON.stringify(wanted.map(({ name, fields }) => ({ name, ...fields })));
  const created =
    wanted.length > 0 ? await query<{ id: number; name: string }>(sql.createUsers, [rowsToAdd]) : [];
  const ids = new Map(created.map(({ id, name }) => [name, id]));
  const changed = judged.filter(({ outcome }) => outcome === 'change' || outcome === 'leave');
  await changeUsers(
    query,
    changed.map(({ id, changes }) => ({ id, ...changes?.after })),
  );
  const leavers = changed.filter(({ outcome }) => outcome === 'leave').map(({ id }) => id);
  if (leavers.length > 0) await query(sql.forgetUndone, [leavers]);
  await recordEvents(query, actor, [
    ...wanted.flatMap(({ name, fields }) => {
      const id = ids.get(name);
      const after = setFields({ name, ...fields, import: importId });
      return id ? [{ verb: 'user.create', resource: `user ${id}`, after }] : [];
    }),
    ...changed.map(({ id, changes }) => ({
      verb: 'user.change',
      resource: `user ${id}`,
      before: changes?.before ?? {},
      after: { ...changes?.after, import: importId },
    })),
  ]);
  const settled = judged.map(({ row_no, name, id: userId, outcome, faults, changes }): Settled => {
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
    // The caller ends a leaver's connections, and confirms it.
    const toDo = outcome === 'leave' ? 1 : 0;
    return { row_no, state: 1, outcome, faults, ...(userId && { user_id: userId }), ...changes, to_do: toDo };
  });
  return settle(query, importId, settled);
}

/** Judges rows of a file, whose names say which users they are about. */
async function judgeWritten(query: Query, rows: readonly WaitingRow[]): Promise<JudgedAgain[]> {
  const names = rows.map(({ name }) => name);
  const users = await existing(query, sql.lockUsersByName, names);
  const find = await departmentsNow(query);
  return rows.map(({ row_no, name, fields }) => {
    const user = users.get(name);
    return { row_no, name, id: user?.id, ...judgeRow(writtenAgain(row_no, name, fields), user, 0, find) };
  });
}

/** Judges rows of a bulk change, whose users may have another name by now. */
async function judgeChosen(query: Query, rows: readonly WaitingRow[]): Promise<JudgedAgain[]> {
  const users = await existingById(
    query,
    rows.map(({ user_id }) => user_id ?? 0),
  );
  const find = await departmentsNow(query);
  return rows.map(({ row_no, name, fields, user_id }) => {
    const user = users.get(user_id ?? 0);
    if (!user) return { row_no, name, id: undefined, outcome: 'same', faults: [], fields };
    const { id } = user;
    if (fields.disabled) return { row_no, name, id, ...judgeLeaver(user) };
    return { row_no, name, id, ...judgeRow(writtenAgain(row_no, name, fields), user, 0, find) };
  });
}

function judgeLeaver({ fields: current }: Existing): Judgement {
  const fields = { disabled: true };
  const changes = changesOf(current, fields);
  return { outcome: changes ? 'leave' : 'same', faults: [], fields, changes };
}

/** Converts a checked row back for another check, with numbers in place of words. */
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
