import { hostname } from 'node:os';
import type { Kit } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { openAudit } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { mayWork, PacedWorker } from './paced-worker.js';

/** Conversations examined per transaction. */
const pageSize = 500;
/** Most messages of one conversation removed per transaction. */
const maxOfOne = 1_000;
/** Most messages of all conversations removed per transaction. */
const maxOfAll = 1_000;
/** `position` of a run that only needs to be concluded: the largest int8. */
const end = '9223372036854775807';

const due = `
  position IS NOT NULL
  OR coalesce(finished_at < now() - interval '1 hour', true)
    AND EXISTS (SELECT FROM retention_rule WHERE days IS NOT NULL AND effective_at <= now())`;

const claim: Statement = {
  name: 'retention_claim',
  text: `
    SELECT position::text AS position FROM retention_run
    WHERE (${due}) AND ${mayWork}
    FOR UPDATE SKIP LOCKED`,
};

const begin: Statement = {
  name: 'retention_begin',
  text: `
    UPDATE retention_run SET position = 0, started_at = clock_timestamp(), finished_at = NULL, removed = 0,
      conversations = 0`,
};

const find: Statement = {
  name: 'retention_find_expired',
  text: `
    SELECT coalesce(reached, $1::int8)::text AS reached, at_end AS "atEnd", coalesce(convs, '{}')::text[] AS convs,
      coalesce(befores, '{}')::text[] AS befores, coalesce(sizes, '{}') AS sizes
    FROM find_expired($1, ${pageSize})`,
};

const remove: Statement = {
  name: 'retention_remove_expired',
  text: `
    SELECT removed, conversations, unfinished::text AS unfinished
    FROM remove_expired($1::int8[], $2::timestamptz[], ${maxOfOne})`,
};

const advance: Statement = {
  name: 'retention_advance',
  text: `
    UPDATE retention_run SET position = $2, worker = $1, worked_at = clock_timestamp(), removed = removed + $3,
      conversations = conversations + $4, removed_ever = removed_ever + $3`,
};

const lockEnded: Statement = {
  name: 'retention_lock_ended',
  text: `
    SELECT removed::float8 AS removed, conversations::float8 AS conversations FROM retention_run
    WHERE position = ${end} FOR UPDATE`,
};

const conclude: Statement = {
  name: 'retention_conclude',
  text: 'UPDATE retention_run SET position = NULL, worker = NULL, worked_at = NULL, finished_at = clock_timestamp()',
};

interface Found {
  reached: string;
  atEnd: boolean;
  convs: string[];
  befores: string[];
  sizes: number[];
}

interface Step {
  outcome: 'nothing' | 'worked' | 'ended';
  removed: number;
}

/**
 * Removes expired messages once an hour if there are rules, in small transactions with pauses between them, on one replica at a
 * time. Every transaction locks retention_run, which records the position and the number of messages removed: another replica
 * continues from there when one stops, and placing a hold waits for the current transaction.
 */
export class RetentionWorker extends PacedWorker {
  readonly #database: Database;
  readonly #actor: Actor = { name: 'db_proxy_server', asUser: 0, source: hostname() };
  readonly #removed;
  readonly #failed;

  constructor(database: Database, kit: Kit) {
    super(kit, 'retention', `EXISTS (SELECT FROM retention_run WHERE ${due})`);
    this.#database = database;
    this.#removed = kit.metrics.counter(
      'retention_messages_removed_total',
      'Messages removed because their retention period had expired',
    );
    this.#failed = kit.metrics.counter(
      'retention_batches_failed_total',
      'Failed transactions of the removal, which are retried',
    );
  }

  protected override async step(): Promise<boolean> {
    const { outcome, removed } = await this.#database.transaction('retention', (query) => this.#work(query));
    this.#removed.inc(removed);
    if (outcome === 'ended') {
      await this.#database.transaction('retention_end', (query) => this.#conclude(query));
    }
    return outcome !== 'nothing';
  }

  protected override failed(): void {
    this.#failed.inc();
  }

  async #work(query: Query): Promise<Step> {
    const [run] = await query<{ position: string | null }>(claim, [this.kit.instance]);
    if (!run) return { outcome: 'nothing', removed: 0 };
    if (run.position === end) return { outcome: 'ended', removed: 0 };
    if (run.position === null) await query(begin, []);
    const [found] = await query<Found>(find, [run.position ?? '0']);
    if (!found) return { outcome: 'nothing', removed: 0 };
    const { reached, atEnd, convs, befores, sizes } = found;
    const taken = fitting(sizes);
    let next: string | undefined = convs[taken];
    let removed = 0;
    let conversations = 0;
    if (taken > 0) {
      const [outcome] = await query<{ removed: number; conversations: number; unfinished: string | null }>(
        remove,
        [convs.slice(0, taken), befores.slice(0, taken)],
      );
      removed = outcome?.removed ?? 0;
      conversations = outcome?.conversations ?? 0;
      next = outcome?.unfinished ?? next;
    }
    const position = next === undefined ? (atEnd ? end : reached) : String(BigInt(next) - 1n);
    await query(advance, [this.kit.instance, position, removed, conversations]);
    return { outcome: 'worked', removed };
  }

  /** Ends the run, and records an event in the audit if it removed messages. */
  async #conclude(query: Query): Promise<void> {
    const record = await openAudit(query, this.#actor);
    const [run] = await query<{ removed: number; conversations: number }>(lockEnded, []);
    if (!run) return;
    await query(conclude, []);
    if (run.removed > 0) await record({ verb: 'retention.run', resource: 'installation', after: { ...run } });
  }
}

/** How many of the conversations fit into one transaction, at least one. */
function fitting(sizes: readonly number[]): number {
  let sum = 0;
  const tooMany = sizes.findIndex((size, at) => {
    sum += Math.min(size, maxOfOne);
    return at > 0 && sum > maxOfAll;
  });
  return tooMany < 0 ? sizes.length : tooMany;
}
