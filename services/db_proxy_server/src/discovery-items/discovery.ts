import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { isChanged, requireText, type SaveOutcome } from '../administration/changes.js';
import { changesOf, openAudit, setFields } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { clampToStorable, isStorableId } from '../database/ids.js';

/** Fields an administrator can set; null leaves a field unchanged. */
export interface DiscoveryFields {
  name: string | null;
  url: string | null;
  priority: number | null;
}

export interface DiscoveryRow {
  id: number;
  name: string;
  url: string;
  priority: number;
}

const maxItems = 200;

const list: Statement = {
  name: 'discovery_items',
  text: `SELECT id, name, url, priority FROM discovery_item ORDER BY priority DESC, id LIMIT ${maxItems}`,
};

const create: Statement = {
  name: 'discovery_create',
  text: `
    INSERT INTO discovery_item (name, url, priority) SELECT $1, $2, coalesce($3::int4, 0)
    WHERE (SELECT count(*) FROM discovery_item) < ${maxItems} RETURNING id`,
};

const change: Statement = {
  name: 'discovery_change',
  text: `
    UPDATE discovery_item SET name = coalesce($2, name), url = coalesce($3, url),
      priority = coalesce($4::int4, priority)
    WHERE id = $1 RETURNING id`,
};

const remove: Statement = {
  name: 'discovery_delete',
  text: 'DELETE FROM discovery_item WHERE id = $1 RETURNING name, url, priority',
};

const lockItem: Statement = {
  name: 'discovery_lock',
  text: 'SELECT name, url, priority FROM discovery_item WHERE id = $1 FOR UPDATE',
};

/** Items of the clients' discovery page. */
export class Discovery {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Highest priority first. */
  list(): Promise<DiscoveryRow[]> {
    return this.#database.query<DiscoveryRow>(list, []);
  }

  /** `conflict` when there are 200 items already. @throws TeamTalkError `invalid-argument` */
  async create(query: Query, fields: DiscoveryFields, actor: Actor): Promise<SaveOutcome> {
    const { name, url, priority } = fields;
    if (name === null || url === null) {
      throw new TeamTalkError('invalid-argument', 'an item needs a name and a url');
    }
    checkFields(fields);
    const record = await openAudit(query, actor);
    const [row] = await query<{ id: number }>(create, [name, url, clamped(priority)]);
    if (!row) return { result: 'conflict' };
    await record({ verb: 'discovery.create', resource: `discovery ${row.id}`, after: setFields(fields) });
    return { result: 'saved', id: row.id };
  }

  /**
   * @param expected fields as the caller has read them; `changed` when one is different now
   * @throws TeamTalkError `invalid-argument`
   */
  async change(
    id: number,
    fields: DiscoveryFields,
    actor: Actor,
    expected?: DiscoveryFields,
  ): Promise<SaveOutcome> {
    checkFields(fields);
    if (!isStorableId(id)) return { result: 'not-found' };
    const { name, url, priority } = fields;
    return this.#database.transaction('change_discovery', async (query) => {
      const record = await openAudit(query, actor);
      const [current] = await query<DiscoveryFields>(lockItem, [id]);
      if (!current) return { result: 'not-found' };
      if (isChanged(current, expected)) return { result: 'changed' };
      await query(change, [id, name, url, clamped(priority)]);
      const changes = changesOf(current, fields);
      if (changes) await record({ verb: 'discovery.change', resource: `discovery ${id}`, ...changes });
      return { result: 'saved', id };
    });
  }

  async delete(id: number, actor: Actor): Promise<SaveOutcome> {
    if (!isStorableId(id)) return { result: 'not-found' };
    return this.#database.transaction('delete_discovery', async (query) => {
      const record = await openAudit(query, actor);
      const [before] = await query<DiscoveryFields>(remove, [id]);
      if (!before) return { result: 'not-found' };
      await record({ verb: 'discovery.delete', resource: `discovery ${id}`, before });
      return { result: 'saved', id };
    });
  }
}

function checkFields({ name, url }: DiscoveryFields): void {
  requireText('a name', name, 1, 64);
  requireText('a url', url, 1, 1024);
  // Clients open it without looking at it, and javascript: and data: would run what is written there.
  if (url !== null && !/^https?:/i.test(url)) {
    throw new TeamTalkError('invalid-argument', 'a url begins with http: or https:');
  }
}

function clamped(priority: number | null): number | null {
  return priority === null ? null : clampToStorable(priority);
}
