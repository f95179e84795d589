import type { DataSource, EntityManager } from 'typeorm';
import { type Actor, operator } from '../actor.js';
import { auditedTransaction } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';

export interface DeadLetter {
  /** int8 as text */
  id: string;
  event: string;
  data: unknown;
  createdAt: Date;
  attempts: number;
  lastError: string | null;
}

/** An event of a webhook; times are unix seconds, 0: not. */
export interface QueuedEvent {
  id: number;
  event: string;
  createdAt: number;
  attempts: number;
  /** of the next attempt; 0 when it is delivered or given up */
  nextAt: number;
  deliveredAt: number;
  failedAt: number;
  /** why the last attempt failed; empty: it did not */
  error: string;
  /** the first characters of its data, JSON; empty where it is not asked for */
  data: string;
}

/** Most dead letters that one call retries or drops: as many as a transaction finishes in time. */
export const maxLetters = 10_000;
/** Characters of an event's data that are shown. */
const shownData = 2_000;
const maxPage = 200;

const columns = `
  id::float8 AS id, event, extract(epoch FROM created_at)::float8 AS "createdAt", attempts,
  CASE WHEN delivered_at IS NULL AND failed_at IS NULL THEN extract(epoch FROM next_at)::float8 ELSE 0 END AS "nextAt",
  coalesce(extract(epoch FROM delivered_at), 0)::float8 AS "deliveredAt",
  coalesce(extract(epoch FROM failed_at), 0)::float8 AS "failedAt", coalesce(last_error, '') AS error`;

const newest: Statement = {
  name: 'webhook_newest_events',
  text: `
    SELECT ${columns}, '' AS data FROM webhook_event WHERE webhook_id = $1 ORDER BY id DESC LIMIT $2`,
};

const dead: Statement = {
  name: 'webhook_dead_letters',
  text: `
    SELECT ${columns}, left(data::text, ${shownData}) AS data FROM webhook_event
    WHERE webhook_id = $1 AND failed_at IS NOT NULL AND id > $2::float8::int8 ORDER BY id LIMIT $3`,
};

/** The newest events of a webhook, whatever became of them. Delivered ones are kept for a day. */
export function newestEvents(
  database: Pick<Database, 'query'>,
  webhookId: number,
  limit: number,
): Promise<QueuedEvent[]> {
  return database.query<QueuedEvent>(newest, [webhookId, Math.min(limit, maxPage)]);
}

/** A page of a webhook's dead letters, the oldest first. @param after ids above this one */
export function deadLetterPage(
  database: Pick<Database, 'query'>,
  webhookId: number,
  after: number,
  limit: number,
): Promise<QueuedEvent[]> {
  return database.query<QueuedEvent>(dead, [webhookId, after, Math.min(limit, maxPage)]);
}

/** The oldest dead letters of a webhook, at most 1,000. */
export function deadLetters(dataSource: DataSource, name: string): Promise<DeadLetter[]> {
  return dataSource.query(
    `SELECT e.id, e.event, e.data, e.created_at AS "createdAt", e.attempts, e.last_error AS "lastError"
     FROM webhook_event e JOIN webhook w ON w.id = e.webhook_id
     WHERE w.name = $1 AND e.failed_at IS NOT NULL ORDER BY e.id LIMIT 1000`,
    [name],
  );
}

/**
 * Requeues a webhook's oldest dead letters, at most 10,000.
 * @param webhook its name or id
 * @param ids only these; left out: any
 * @returns how many
 */
export function retryDeadLetters(
  dataSource: DataSource,
  webhook: string | number,
  actor: Actor = operator(),
  ids?: readonly number[],
): Promise<number> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const found = await lettersOf(manager, webhook, ids);
    if (!found) return 0;
    await manager.query(
      'UPDATE webhook_event SET failed_at = NULL, attempts = 0, next_at = now() WHERE id = ANY ($1::int8[])',
      [found.letters],
    );
    const after = { name: found.name, events: found.letters.length };
    await record({ verb: 'webhook.retry', resource: `webhook ${found.id}`, after });
    return found.letters.length;
  });
}

/** Deletes a webhook's oldest dead letters, at most 10,000. @param ids only these; left out: any. @returns how many */
export function dropDeadLetters(
  dataSource: DataSource,
  webhookId: number,
  actor: Actor,
  ids?: readonly number[],
): Promise<number> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const found = await lettersOf(manager, webhookId, ids);
    if (!found) return 0;
    await manager.query('DELETE FROM webhook_event WHERE id = ANY ($1::int8[])', [found.letters]);
    const before = { name: found.name, events: found.letters.length };
    await record({ verb: 'webhook.drop', resource: `webhook ${found.id}`, before });
    return found.letters.length;
  });
}

interface Letters {
  /** of the webhook */
  id: number;
  name: string;
  /** int8 as text */
  letters: string[];
}

/** Locks a webhook's oldest dead letters. @returns undefined when there are none */
async function lettersOf(
  manager: EntityManager,
  webhook: string | number,
  ids: readonly number[] | undefined,
): Promise<Letters | undefined> {
  const rows: { id: number; name: string; letter: string }[] = await manager.query(
    `SELECT w.id, w.name, e.id AS letter FROM webhook_event e JOIN webhook w ON w.id = e.webhook_id
     WHERE ${typeof webhook === 'string' ? 'w.name' : 'w.id'} = $1 AND e.failed_at IS NOT NULL
       AND ($2::float8[] IS NULL OR e.id = ANY ($2::float8[]::int8[]))
     ORDER BY e.id LIMIT ${maxLetters} FOR UPDATE OF e`,
    [webhook, ids ?? null],
  );
  const [first] = rows;
  return first && { id: first.id, name: first.name, letters: rows.map(({ letter }) => letter) };
}
