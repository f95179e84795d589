import { randomBytes } from 'node:crypto';
import { webhookEvents } from '@teamtalk/rpc/app-permissions';
import { TeamTalkError } from '@teamtalk/service-kit';
import { type DataSource, QueryFailedError } from 'typeorm';
import { type Actor, operator } from '../actor.js';
import { auditedTransaction, setFields } from '../audit/record-event.js';
import { isStorableText } from '../database/text.js';

/** Where a webhook's events are posted, and which. */
export interface WebhookTarget {
  /** http or https */
  url: string;
  events: readonly string[];
  /** the user whose messages it gets; required for the event `message` */
  botId?: number | undefined;
}

export interface NewWebhook extends WebhookTarget {
  /** 1 to 64 characters */
  name: string;
}

export interface WebhookSummary {
  id: number;
  name: string;
  url: string;
  events: string[];
  botId: number | null;
  /** nothing is recorded or posted for it */
  disabled: boolean;
  /** events in the queue */
  waiting: number;
  /** dead letters */
  failed: number;
}

/** A webhook's secret, with which its posts are signed. */
export interface IssuedSecret {
  result: 'done';
  id: number;
  secret: string;
}

/** Why a webhook was not created or changed. */
export type WebhookRefusal = 'not-found' | 'name-taken' | 'unknown-user' | 'too-many' | 'wrong-state';

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
  const outcome = await createWebhook(dataSource, webhook, actor);
  if (outcome.result === 'done') return outcome.secret;
  const why = {
    'name-taken': `there is already a webhook ${webhook.name}`,
    'unknown-user': `there is no user ${webhook.botId}`,
    'too-many': `there are ${maxWebhooks} webhooks already`,
  };
  throw new TeamTalkError('invalid-argument', why[outcome.result]);
}

/** Adds a webhook. @throws TeamTalkError `invalid-argument` when a field is not valid */
export async function createWebhook(
  dataSource: DataSource,
  webhook: NewWebhook,
  actor: Actor,
): Promise<IssuedSecret | { result: 'name-taken' | 'unknown-user' | 'too-many' }> {
  const { name, url, events, botId } = webhook;
  if (name === '' || !isStorableText(name, 64)) {
    throw new TeamTalkError('invalid-argument', 'a name has 1 to 64 characters');
  }
  requireUrl(url);
  requireEvents(events, botId);
  const secret = newSecret();
  try {
    return await auditedTransaction(dataSource, actor, async (manager, record) => {
      const [row]: { id: number }[] = await manager.query(
        `INSERT INTO webhook (name, url, secret, events, bot_id) SELECT $1, $2, $3, $4, $5
         WHERE (SELECT count(*) FROM webhook) < ${maxWebhooks} RETURNING id`,
        [name, url, secret, [...new Set(events)], botId ?? null],
      );
      if (!row) return { result: 'too-many' };
      const after = setFields({ name, origin: originOf(url), events, botId });
      await record({ verb: 'webhook.create', resource: `webhook ${row.id}`, after });
      return { result: 'done', id: row.id, secret };
    });
  } catch (error) {
    const code = error instanceof QueryFailedError ? error.driverError.code : undefined;
    if (code === uniqueViolation) return { result: 'name-taken' };
    if (code === foreignKeyViolation) return { result: 'unknown-user' };
    throw error;
  }
}

/** @throws TeamTalkError `invalid-argument` when a webhook must not have this URL */
export function requireUrl(url: string): void {
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
}

/** @throws TeamTalkError `invalid-argument` naming what is wrong */
export function requireEvents(events: readonly string[], botId: number | undefined): void {
  const known: readonly string[] = webhookEvents;
  if (events.length === 0 || !events.every((event) => known.includes(event))) {
    throw new TeamTalkError('invalid-argument', `the events are: ${webhookEvents.join(', ')}`);
  }
  if (events.includes('message') && botId === undefined) {
    throw new TeamTalkError('invalid-argument', 'whose messages? Name the user: --bot USER_ID');
  }
}

/** In the format of Standard Webhooks. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** What is recorded and shown of a URL: the rest may be a secret. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

export function listWebhooks(dataSource: DataSource): Promise<WebhookSummary[]> {
  return dataSource.query(
    `SELECT w.id, w.name, w.url, coalesce(w.disabled_events, w.events) AS events, w.bot_id AS "botId",
       w.disabled_events IS NOT NULL AS disabled,
       (SELECT count(*)::int4 FROM webhook_event e
         WHERE e.webhook_id = w.id AND delivered_at IS NULL AND failed_at IS NULL) AS waiting,
       (SELECT count(*)::int4 FROM webhook_event e WHERE e.webhook_id = w.id AND failed_at IS NOT NULL) AS failed
     FROM webhook w ORDER BY w.name`,
  );
}

/**
 * Removes a webhook and its queue.
 * @param webhook its name or id
 * @returns whether it existed
 */
export function removeWebhook(
  dataSource: DataSource,
  webhook: string | number,
  actor: Actor = operator(),
): Promise<boolean> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const [[removed]]: [{ id: number; name: string; url: string; events: string[]; botId: number | null }[]] =
      await manager.query(
        `DELETE FROM webhook WHERE ${typeof webhook === 'string' ? 'name' : 'id'} = $1
       RETURNING id, name, url, coalesce(disabled_events, events) AS events, bot_id AS "botId"`,
        [webhook],
      );
    if (!removed) return false;
    const { id, name, url, ...rest } = removed;
    const before = { name, origin: originOf(url), ...rest };
    await record({ verb: 'webhook.delete', resource: `webhook ${id}`, before });
    return true;
  });
}
