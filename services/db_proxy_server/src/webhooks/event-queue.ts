import type { Kit } from '@teamtalk/service-kit';
import type { Database, Statement } from '../database/database.js';

interface ClaimedEvent {
  id: number;
  webhook_id: number;
  url: string;
  secret: string;
  event: string;
  data: unknown;
  /** unix seconds */
  created_at: number;
  attempts: number;
}

export interface Claim {
  events: ClaimedEvent[];
  /** no user has a webhook */
  noWebhooks: boolean;
}

export interface PresenceChange {
  userId: number;
  online: boolean;
}

/** Attempts before an event becomes a dead letter, about two hours after the first. */
const maxAttempts = 12;

// The lease lasts 8 s and the claiming sender gives up after 5 s. A single row without an event says whether there are webhooks.
const claim: Statement = {
  name: 'webhook_claim_4',
  text: `
    WITH due AS (
      SELECT mine.id FROM webhook w CROSS JOIN LATERAL (
        SELECT id, next_at FROM webhook_event
        WHERE webhook_id = w.id AND delivered_at IS NULL AND failed_at IS NULL AND next_at <= now()
        ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
      ) mine
      WHERE w.disabled_events IS NULL AND w.id <> ALL ($3::int4[]) AND (cardinality($4::int4[]) = 0 OR w.id = ANY ($4))
      ORDER BY mine.next_at LIMIT $1
    ), claimed AS (
      UPDATE webhook_event e SET attempts = attempts + 1, next_at = now() + interval '8 seconds'
      FROM due, webhook w WHERE e.id = due.id AND w.id = e.webhook_id
      RETURNING e.id::float8 AS id, e.webhook_id, w.url, w.secret, e.event, e.data,
        extract(epoch FROM e.created_at)::float8 AS created_at, e.attempts
    )
    SELECT claimed.*, NOT EXISTS (SELECT FROM webhook) AS no_webhooks
    FROM (VALUES (1)) AS always(one) LEFT JOIN claimed ON true`,
};

const finish: Statement = {
  name: 'webhook_finish_2',
  text: `
    UPDATE webhook_event e SET
      delivered_at = CASE WHEN o.error = '' THEN now() END,
      last_error = nullif(o.error, ''),
      failed_at = CASE WHEN o.error <> '' AND e.attempts >= ${maxAttempts} THEN now() END,
      next_at = now() + least(power(2, e.attempts), 3600) * interval '1 second'
    FROM unnest($1::float8[], $2::text[]) AS o(id, error)
    WHERE e.id = o.id::int8 AND e.delivered_at IS NULL
    RETURNING e.failed_at IS NOT NULL AS failed`,
};

const addPresence: Statement = {
  name: 'webhook_add_presence',
  text: `
    INSERT INTO webhook_event (webhook_id, key, event, data)
    SELECT w.id, format('presence %s', gen_random_uuid()), 'presence',
      jsonb_build_object('user_id', o.user_id, 'online', o.online)
    FROM webhook w, unnest($1::int4[], $2::bool[]) AS o(user_id, online)
    WHERE 'presence' = ANY (w.events)`,
};

const purge: Statement = {
  name: 'webhook_purge',
  text: `
    DELETE FROM webhook_event WHERE id IN (
      SELECT id FROM webhook_event
      WHERE delivered_at < now() - interval '1 day' OR failed_at < now() - interval '30 days' LIMIT 10000)
    RETURNING id`,
};

/** The queue of webhook events. */
export class WebhookEventQueue {
  readonly #database: Database;
  readonly #deadLetters;

  constructor(database: Database, { metrics }: Kit) {
    this.#database = database;
    this.#deadLetters = metrics.counter(
      'webhook_dead_letters_total',
      'Webhook events given up after every attempt failed',
    );
  }

  /**
   * Claims due events for 8 s.
   * @param perWebhook most events of one webhook
   * @param busy webhooks to skip
   * @param only webhooks to look at; empty: all
   */
  async claim(
    limit: number,
    perWebhook: number,
    busy: readonly number[],
    only: readonly number[],
  ): Promise<Claim> {
    type Row = (ClaimedEvent | { id: null }) & { no_webhooks: boolean };
    const rows = await this.#database.query<Row>(claim, [limit, perWebhook, busy, only]);
    return {
      events: rows.filter((row): row is ClaimedEvent & Row => row.id !== null),
      noWebhooks: rows[0]?.no_webhooks ?? false,
    };
  }

  /** @param outcomes with an empty error where the webhook accepted the event */
  async finish(outcomes: readonly { id: number; error: string }[]): Promise<void> {
    const errors = outcomes.map(({ error }) => error.replaceAll('\0', '').slice(0, 500));
    const values = [outcomes.map(({ id }) => id), errors];
    const finished = await this.#database.query<{ failed: boolean }>(finish, values);
    this.#deadLetters.inc(finished.filter(({ failed }) => failed).length);
  }

  async addPresence(changes: readonly PresenceChange[]): Promise<void> {
    const values = [changes.map(({ userId }) => userId), changes.map(({ online }) => online)];
    await this.#database.query(addPresence, values);
  }

  /** Removes events delivered a day ago, and dead letters after 30 days. @returns how many */
  async purge(): Promise<number> {
    return (await this.#database.query(purge, [])).length;
  }
}
