import { randomBytes } from 'node:crypto';
import { TeamTalkError } from '@teamtalk/service-kit';
import { type DataSource, QueryFailedError } from 'typeorm';
import { type Actor, operator } from '../actor.js';
import { auditedTransaction, setFields } from '../audit/record-event.js';
import { isStorableText } from '../database/text.js';

/** Kinds of events. */
const webhookEvents = ['message', 'presence', 'group', 'file'] as const;

export interface NewWebhook {
  /** 1 to 64 characters */
  name: string;
  /** http or https */
  url: string;
  events: readonly string[];
  /** the user whose messages it gets; required for the event `message` */
  botId?: number;
}

export interface WebhookSummary {
  name: string;
  url: string;
  events: string[];
  botId: number | null;
  /** events in the queue */
  waiting: number;
  /** dead letters */
  failed: number;
}

export interface DeadLetter {
  /** int8 as text */
  id: string;
  event: string;
  data: unknown;
  createdAt: Date;
  attempts: number;
  lastError: string | null;
}

const maxWebhooks = 100;
const uniqueViolation = '23505';
const foreignKeyViolation = '23503';

/**
 * Adds a webhook.
 * @returns the secret its posts are signed with
 * @throws TeamTalkError `invalid-argument` naming what is wrong
 */
export async function addWebhook(
  dataSource: DataSource,
  webhook: NewWebhook,
  actor: Actor = operator(),
): Promise<string> {
  const { name, url, events, botId } = webhook;
  if (name === '' || !isStorableText(name, 64)) {
    throw new TeamTalkError('invalid-argument', 'a name has 1 to 64 characters');
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || !isStorableText(url, 1024)) {
    throw new TeamTalkError('invalid-argument', `${url} is no http or https URL`);
  }
  const { username, password } = new URL(url);
  if (username !== '' || password !== '') {
    throw new TeamTalkError(
      'invalid-argument',
      'a URL must not contain a name or a password: the signature proves who posts',
    );
  }
  const known: readonly string[] = webhookEvents;
  if (events.length === 0 || !events.every((event) => known.includes(event))) {
    throw new TeamTalkError('invalid-argument', `the events are: ${webhookEvents.join(', ')}`);
  }
  if (events.includes('message') && botId === undefined) {
    throw new TeamTalkError('invalid-argument', 'whose messages? Name the user: --bot USER_ID');
  }
  // The format of Standard Webhooks.
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  try {
    await auditedTransaction(dataSource, actor, async (manager, record) => {
      const [row]: { id: number }[] = await manager.query(
        `INSERT INTO webhook (name, url, secret, events, bot_id) SELECT $1, $2, $3, $4, $5
       WHERE (SELECT count(*) FROM webhook) < ${maxWebhooks} RETURNING id`,
        [name, url, secret, [...new Set(events)], botId ?? null],
      );
      if (!row) {
        throw new TeamTalkError('invalid-argument', `there are ${maxWebhooks} webhooks already`);
      }
      // The rest of a URL may be a secret.
      const after = setFields({ name, origin: new URL(url).origin, events, botId });
      await record({ verb: 'webhook.create', resource: `webhook ${row.id}`, after });
    });
    return secret;
  } catch (error) {
    const code = error instanceof QueryFailedError ? error.driverError.code : undefined;
    if (code === uniqueViolation) {
      throw new TeamTalkError('invalid-argument', `there is already a webhook ${name}`, { cause: error });
    }
    if (code === foreignKeyViolation) {
      throw new TeamTalkError('invalid-argument', `there is no user ${botId}`, { cause: error });
    }
    throw error;
  }
}

export function listWebhooks(dataSource: DataSource): Promise<WebhookSummary[]> {
  return dataSource.query(
    `SELECT w.name, w.url, w.events, w.bot_id AS "botId",
       (SELECT count(*)::int4 FROM webhook_event e
         WHERE e.webhook_id = w.id AND delivered_at IS NULL AND failed_at IS NULL) AS waiting,
       (SELECT count(*)::int4 FROM webhook_event e WHERE e.webhook_id = w.id AND failed_at IS NOT NULL) AS failed
     FROM webhook w ORDER BY w.name`,
  );
}

/** Removes a webhook and its queue. @returns whether it existed */
export function removeWebhook(
  dataSource: DataSource,
  name: string,
  actor: Actor = operator(),
): Promise<boolean> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const [[webhook]]: [{ id: number; url: string; events: string[]; botId: number | null }[]] =
      await manager.query(
        'DELETE FROM webhook WHERE name = $1 RETURNING id, url, events, bot_id AS "botId"',
        [name],
      );
    if (!webhook) return false;
    const { id, url, ...rest } = webhook;
    const before = { name, origin: new URL(url).origin, ...rest };
    await record({ verb: 'webhook.delete', resource: `webhook ${id}`, before });
    return true;
  });
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

/** Requeues a webhook's dead letters. @returns how many */
export function retryDeadLetters(
  dataSource: DataSource,
  name: string,
  actor: Actor = operator(),
): Promise<number> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const [rows]: [{ webhookId: number }[]] = await manager.query(
      `UPDATE webhook_event e SET failed_at = NULL, attempts = 0, next_at = now()
       FROM webhook w WHERE w.id = e.webhook_id AND w.name = $1 AND e.failed_at IS NOT NULL
       RETURNING w.id AS "webhookId"`,
      [name],
    );
    const [event] = rows;
    if (event) {
      const after = { name, events: rows.length };
      await record({ verb: 'webhook.retry', resource: `webhook ${event.webhookId}`, after });
    }
    return rows.length;
  });
}
