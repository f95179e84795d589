import type { Actor } from '../actor.js';
import { requireText } from '../administration/changes.js';
import { openAudit, type RecordEvent } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';

/** Which users a list shows, and how. */
export interface ViewFilter {
  text: string;
  /** 0: any */
  departmentId: number;
  /** present, left or all */
  status: string;
  /** the columns that are shown */
  columns: string[];
}

export interface SavedView {
  id: number;
  name: string;
  filter: ViewFilter;
}

export type ViewOutcome = { result: 'done'; id: number } | { result: 'not-found' | 'name-taken' | 'full' };

/** Most views of one account. */
const maxViews = 50;

const list: Statement = {
  name: 'saved_views',
  text: `SELECT id, name, filter FROM saved_view WHERE account_id = $1 ORDER BY name LIMIT ${maxViews}`,
};

const count: Statement = {
  name: 'saved_view_count',
  text: 'SELECT count(*)::int4 AS views FROM saved_view WHERE account_id = $1',
};

const create: Statement = {
  name: 'saved_view_create',
  text: `
    INSERT INTO saved_view (account_id, name, filter) VALUES ($1, $2, $3)
    ON CONFLICT (account_id, name) DO NOTHING RETURNING id`,
};

const find: Statement = {
  name: 'saved_view_find',
  text: 'SELECT name FROM saved_view WHERE account_id = $1 AND id = $2 FOR UPDATE',
};

const taken: Statement = {
  name: 'saved_view_name_taken',
  text: 'SELECT id FROM saved_view WHERE account_id = $1 AND name = $3 AND id <> $2',
};

const rename: Statement = {
  name: 'saved_view_rename',
  text: 'UPDATE saved_view SET name = $2 WHERE id = $1',
};

const remove: Statement = {
  name: 'saved_view_delete',
  text: 'DELETE FROM saved_view WHERE id = $1',
};

/** Views of the list of users. Each belongs to one account, and nobody else sees or changes it. */
export class SavedViews {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** By name. */
  ofAccount(accountId: number): Promise<SavedView[]> {
    return this.#database.query<SavedView>(list, [accountId]);
  }

  /** @throws TeamTalkError `invalid-argument` when the name or the filter cannot be one */
  create(accountId: number, name: string, filter: ViewFilter, actor: Actor): Promise<ViewOutcome> {
    requireText('a name', name, 1, 64);
    requireText('a filter', JSON.stringify(filter), 1, 2_000);
    return this.#database.transaction('create_saved_view', async (query) => {
      // Serialises an account's changes, too.
      const record = await openAudit(query, actor);
      const [before] = await query<{ views: number }>(count, [accountId]);
      if ((before?.views ?? 0) >= maxViews) return { result: 'full' };
      const [row] = await query<{ id: number }>(create, [accountId, name, JSON.stringify(filter)]);
      if (!row) return { result: 'name-taken' };
      await record({ verb: 'view.create', resource: `view ${row.id}`, after: { name, ...filter } });
      return { result: 'done', id: row.id };
    });
  }

  /** @throws TeamTalkError `invalid-argument` when the name cannot be one */
  rename(accountId: number, id: number, name: string, actor: Actor): Promise<ViewOutcome> {
    requireText('a name', name, 1, 64);
    return this.#change('rename_saved_view', accountId, id, actor, async (query, before, record) => {
      if ((await query(taken, [accountId, id, name])).length > 0) return { result: 'name-taken' };
      await query(rename, [id, name]);
      const event = { verb: 'view.change', resource: `view ${id}` };
      if (name !== before) await record({ ...event, before: { name: before }, after: { name } });
      return { result: 'done', id };
    });
  }

  delete(accountId: number, id: number, actor: Actor): Promise<ViewOutcome> {
    return this.#change('delete_saved_view', accountId, id, actor, async (query, name, record) => {
      await query(remove, [id]);
      await record({ verb: 'view.delete', resource: `view ${id}`, before: { name } });
      return { result: 'done', id };
    });
  }

  async #change(
    transaction: string,
    accountId: number,
    id: number,
    actor: Actor,
    work: (query: Query, name: string, record: RecordEvent) => Promise<ViewOutcome>,
  ): Promise<ViewOutcome> {
    if (!isStorableId(id)) return { result: 'not-found' };
    return this.#database.transaction(transaction, async (query) => {
      const record = await openAudit(query, actor);
      const [view] = await query<{ name: string }>(find, [accountId, id]);
      return view ? work(query, view.name, record) : { result: 'not-found' };
    });
  }
}
