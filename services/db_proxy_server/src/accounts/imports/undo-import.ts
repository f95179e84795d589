import type { Actor } from '../../actor.js';
import { recordEvents } from '../../audit/record-event.js';
import type { Query } from '../../database/database.js';
import { changeUsers, existingById, type ImportRow, type Settled, settle } from './import-rows.js';
import { type ImportedFields, undoOf } from './judge-row.js';
import * as sql from './statements.js';

/** Undoes the last rows that were imported. Of users removed by undoing, the connections are still to be ended. */
export async function undoRows(
  query: Query,
  { id: importId, kind, keep_groups: keepGroups }: ImportRow,
  actor: Actor,
): Promise<ImportRow> {
  await query(sql.beginUndo, [importId]);
  const rows = await query<Required<Settled>>(sql.doneRows, [importId]);
  const users = await existingById(
    query,
    rows.map(({ user_id: id }) => id),
  );
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
  return settle(
    query,
    importId,
    undone.map(({ row_no, kept, changes }) => {
      const rejoins = kind === 'leave' && !keepGroups && changes !== undefined;
      const leaves = (changes?.after as ImportedFields | undefined)?.disabled === true;
      return { row_no, state: kept ? 3 : 2, to_do: rejoins ? 3 : leaves ? 1 : 0 };
    }),
  );
}
