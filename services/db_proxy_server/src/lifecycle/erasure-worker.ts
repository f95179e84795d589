import { hostname } from 'node:os';
import type { Kit } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { openAudit } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { mayWork, PacedWorker } from './paced-worker.js';
import { lockRun } from './retention-rules.js';

/** Messages examined per transaction. */
const pageSize = 2_000;

const claim: Statement = {
  name: 'erasure_claim',
  text: `
    SELECT id, user_id, at_conv::text AS at_conv, at_id FROM erasure
    WHERE finished_at IS NULL AND ${mayWork} ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`,
};

const erase: Statement = {
  name: 'erasure_messages',
  text: `
    SELECT at_conv::text AS at_conv, at_id, erased, held, at_end FROM erase_messages($1, $2, ${pageSize}, $3::int8, $4)`,
};

const advance: Statement = {
  name: 'erasure_advance',
  text: `
    UPDATE erasure SET at_conv = $2, at_id = $3, messages = messages + $4, held = held + $5, worker = $6,
      worked_at = clock_timestamp()
    WHERE id = $1`,
};

const lock: Statement = {
  name: 'erasure_lock',
  text: `
    SELECT user_id, messages::float8 AS messages, held::float8 AS held FROM erasure
    WHERE id = $1 AND finished_at IS NULL FOR UPDATE`,
};

const finish: Statement = {
  name: 'erasure_finish',
  text: 'UPDATE erasure SET finished_at = clock_timestamp() WHERE id = $1',
};

interface Claimed {
  id: number;
  user_id: number;
  at_conv: string;
  at_id: number;
}

interface Erased {
  at_conv: string;
  at_id: number;
  erased: number;
  held: number;
  at_end: boolean;
}

/**
 * Replaces the messages of erased users: one user at a time, on one replica at a time. Each transaction also locks
 * retention_run, so that placing a hold waits for it.
 */
export class ErasureWorker extends PacedWorker {
  readonly #database: Database;
  readonly #text: Buffer;
  readonly #actor: Actor = { name: 'db_proxy_server', asUser: 0, source: hostname() };
  readonly #erased;
  readonly #failed;

  /** @param text `msg_data` that replaces the content */
  constructor(database: Database, kit: Kit, text: Buffer) {
    super(kit, 'erasure', 'EXISTS (SELECT FROM erasure WHERE finished_at IS NULL)');
    this.#database = database;
    this.#text = text;
    this.#erased = kit.metrics.counter(
      'erasure_messages_erased_total',
      'Messages whose content was replaced because their sender was erased',
    );
    this.#failed = kit.metrics.counter(
      'erasure_batches_failed_total',
      'Failed transactions of erasures, which are retried',
    );
  }

  protected override async step(): Promise<boolean> {
    const done = await this.#database.transaction('erasure', (query) => this.#work(query));
    if (!done) return false;
    this.#erased.inc(done.erased);
    if (done.atEnd) await this.#database.transaction('erasure_end', (query) => this.#finish(query, done.id));
    return true;
  }

  protected override failed(): void {
    this.#failed.inc();
  }

  async #work(query: Query): Promise<{ id: number; erased: number; atEnd: boolean } | undefined> {
    await query(lockRun, []);
    const [claimed] = await query<Claimed>(claim, [this.kit.instance]);
    if (!claimed) return undefined;
    const { id, user_id, at_conv, at_id } = claimed;
    const [done] = await query<Erased>(erase, [user_id, this.#text, at_conv, at_id]);
    if (!done) return undefined;
    await query(advance, [id, done.at_conv, done.at_id, done.erased, done.held, this.kit.instance]);
    return { id, erased: done.erased, atEnd: done.at_end };
  }

  /** Finishes an erasure and records its event in the audit. */
  async #finish(query: Query, id: number): Promise<void> {
    const record = await openAudit(query, this.#actor);
    const [erasure] = await query<{ user_id: number; messages: number; held: number }>(lock, [id]);
    if (!erasure) return;
    await query(finish, [id]);
    const { user_id, messages, held } = erasure;
    await record({
      verb: 'erasure.finish',
      resource: `user ${user_id}`,
      after: { erasure: id, messages, held },
    });
  }
}
