import type { Actor } from '../../actor.js';
import { recordEvents, setFields } from '../../audit/record-event.js';
import type { Query } from '../../database/database.js';
import {
  changeUsers,
  departmentsNow,
  existing,
  type ImportRow,
  type Settled,
  settle,
} from './import-rows.js';
import { type ImportedFields, judgeRow, type WrittenUser } from './judge-row.js';
import * as sql from './statements.js';

/** Adds and changes the users of the next rows. Each row is checked again, since users may have changed after the dry run. */
export async function runRows(query: Query, importId: number, actor: Actor): Promise<ImportRow> {
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
  return settle(query, importId, settled);
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
