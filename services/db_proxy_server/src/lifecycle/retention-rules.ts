import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import type { SaveOutcome } from '../administration/changes.js';
import { openAudit, type RecordEvent } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';

const retentionScopes = ['installation', 'department', 'group'] as const;

type RetentionScope = (typeof retentionScopes)[number];

interface RetentionRule {
  id: number;
  scope: RetentionScope;
  /** id of the department or group; 0: the installation */
  scopeId: number;
  /** name of the department or group */
  name: string;
  /** null: for ever */
  days: number | null;
  /** unix seconds; until then nothing in the rule's scope is removed */
  effectiveAt: number;
}

/** The current or last removal of expired messages. */
interface RetentionRun {
  /** unix seconds; null: there was none */
  startedAt: number | null;
  /** unix seconds; null: it is in progress, or there was none */
  finishedAt: number | null;
  /** messages removed in this run */
  removed: number;
  /** conversations with removed messages; one that is visited several times counts each time */
  conversations: number;
  /** messages removed in all runs */
  removedEver: number;
}

interface NewRule {
  scope: string;
  /** 0: the installation */
  scopeId: number;
  /** null: for ever */
  days: number | null;
}

const maxRules = 1_000;
const maxDays = 36_500;
/** Hours before a rule that shortens retention takes effect, so that it can be undone before anything is lost. */
const graceHours = 24;

const columns = `id, scope, scope_id AS "scopeId", days, extract(epoch FROM effective_at)::float8 AS "effectiveAt"`;

const list: Statement = {
  name: 'retention_rules',
  text: `
    SELECT r.id, r.scope, r.scope_id AS "scopeId", coalesce(d.name, g.name, '') AS name, r.days,
      extract(epoch FROM r.effective_at)::float8 AS "effectiveAt"
    FROM retention_rule r
    LEFT JOIN department d ON r.scope = 'department' AND d.id = r.scope_id
    LEFT JOIN chat_group g ON r.scope = 'group' AND g.id = r.scope_id
    ORDER BY r.scope DESC, 4, r.id`,
};

const run: Statement = {
  name: 'retention_run',
  text: `
    SELECT extract(epoch FROM started_at)::float8 AS "startedAt",
      CASE WHEN position IS NULL THEN extract(epoch FROM finished_at)::float8 END AS "finishedAt",
      removed::float8 AS removed, conversations::float8 AS conversations, removed_ever::float8 AS "removedEver"
    FROM retention_run`,
};

const exists = {
  installation: { name: 'retention_installation', text: 'SELECT WHERE $1::int4 = 0' },
  department: { name: 'retention_department', text: 'SELECT FROM department WHERE id = $1 AND status = 0' },
  group: { name: 'retention_group', text: 'SELECT FROM chat_group WHERE id = $1' },
} satisfies Record<RetentionScope, Statement>;

const find: Statement = {
  name: 'retention_find',
  text: `SELECT ${columns} FROM retention_rule WHERE scope = $1 AND scope_id = $2`,
};

const findById: Statement = {
  name: 'retention_find_by_id',
  text: `SELECT ${columns} FROM retention_rule WHERE id = $1`,
};

const count: Statement = {
  name: 'retention_count',
  text: 'SELECT count(*)::int4 AS rules FROM retention_rule',
};

const save: Statement = {
  name: 'retention_save',
  text: `
    INSERT INTO retention_rule AS r (scope, scope_id, days, effective_at)
    VALUES ($1, $2, $3, now() + make_interval(hours => $4::int4))
    ON CONFLICT (scope, scope_id) DO UPDATE SET days = excluded.days, changed_at = now(),
      effective_at = greatest(excluded.effective_at, r.effective_at)
    RETURNING id`,
};

// Messages that only the removed rule kept fall under one of these. The delay leaves time to undo the removal.
const putOffAbove: Statement = {
  name: 'retention_put_off_above',
  text: `
    UPDATE retention_rule SET effective_at = greatest(effective_at, now() + make_interval(hours => $3::int4))
    WHERE ($1::text <> 'installation' AND scope = 'installation' OR $1::text = 'department' AND scope = 'department')
      AND days IS NOT NULL AND ($2::int4 IS NULL OR days < $2::int4)`,
};

const remove: Statement = { name: 'retention_remove', text: 'DELETE FROM retention_rule WHERE id = $1' };

/** Waits for the current batch of the removal, so that later batches see the change. */
export const lockRun: Statement = {
  name: 'retention_lock_run',
  text: 'SELECT FROM retention_run FOR UPDATE',
};

/** Retention rules: how long messages are kept in the installation, a department or a group. */
export class RetentionRules {
  readonly #database: Pick<Database, 'query' | 'transaction'>;

  constructor(database: Pick<Database, 'query' | 'transaction'>) {
    this.#database = database;
  }

  /** The installation's rule first, then groups and departments by name. */
  all(): Promise<RetentionRule[]> {
    return this.#database.query<RetentionRule>(list, []);
  }

  async run(): Promise<RetentionRun> {
    return (await this.#database.query<RetentionRun>(run, []))[0] as RetentionRun;
  }

  /**
   * Sets the rule of a scope. A rule that shortens retention takes effect a day later, any other at once.
   * @throws TeamTalkError `invalid-argument` when the scope or the number of days is invalid
   */
  set({ scope, scopeId, days }: NewRule, actor: Actor): Promise<SaveOutcome> {
    if (!isScope(scope)) throw invalid(`there is no scope ${scope}`);
    if (days !== null && !(Number.isInteger(days) && days >= 1 && days <= maxDays)) {
      throw invalid(`messages are kept for 1 to ${maxDays} days, or for ever`);
    }
    if (scopeId !== 0 && !isStorableId(scopeId)) return Promise.resolve({ result: 'not-found' });
    return this.#changing('retention_set', actor, async (query, record) => {
      if ((await query(exists[scope], [scopeId])).length === 0) return { result: 'not-found' };
      const [before] = await query<RetentionRule>(find, [scope, scopeId]);
      if (before && before.days === days) return { result: 'saved', id: before.id };
      if (!before) await requireRoom(query);
      const sooner = days !== null && (!before || before.days === null || days < before.days);
      const [row] = await query<{ id: number }>(save, [scope, scopeId, days, sooner ? graceHours : 0]);
      await record({
        verb: 'retention.set',
        resource: resourceOf(scope, scopeId),
        ...(before && { before: { days: before.days } }),
        after: { days },
      });
      return { result: 'saved', id: row?.id ?? 0 };
    });
  }

  /** From then on the next higher rule applies to the scope, or a day later if it keeps messages for a shorter time. */
  remove(id: number, actor: Actor): Promise<SaveOutcome> {
    if (!isStorableId(id)) return Promise.resolve({ result: 'not-found' });
    return this.#changing('retention_remove', actor, async (query, record) => {
      const [rule] = await query<RetentionRule>(findById, [id]);
      if (!rule) return { result: 'not-found' };
      await query(remove, [id]);
      const { scope, scopeId, days } = rule;
      await query(putOffAbove, [scope, days, graceHours]);
      await record({ verb: 'retention.remove', resource: resourceOf(scope, scopeId), before: { days } });
      return { result: 'saved', id };
    });
  }

  #changing<T>(
    name: string,
    actor: Actor,
    work: (query: Query, record: RecordEvent) => Promise<T>,
  ): Promise<T> {
    return changeLifecycle(this.#database, name, actor, work);
  }
}

/** Runs a change to rules, holds or erasures. The removal sees it as soon as it is committed. */
export function changeLifecycle<T>(
  database: Pick<Database, 'transaction'>,
  name: string,
  actor: Actor,
  work: (query: Query, record: RecordEvent) => Promise<T>,
): Promise<T> {
  return database.transaction(name, async (query) => {
    const record = await openAudit(query, actor);
    await query(lockRun, []);
    return work(query, record);
  });
}

async function requireRoom(query: Query): Promise<void> {
  const [sum] = await query<{ rules: number }>(count, []);
  if (sum && sum.rules >= maxRules) throw invalid(`there are ${maxRules} rules already`);
}

function isScope(text: string): text is RetentionScope {
  return (retentionScopes as readonly string[]).includes(text);
}

function resourceOf(scope: RetentionScope, scopeId: number): string {
  return scope === 'installation' ? scope : `${scope} ${scopeId}`;
}

function invalid(problem: string): TeamTalkError {
  return new TeamTalkError('invalid-argument', problem);
}
