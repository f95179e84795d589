import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import type { Actor } from '../actor.js';
import { auditedTransaction } from '../audit/record-event.js';
import { isStorableId } from '../database/ids.js';
import {
  type IssuedSecret,
  newSecret,
  originOf,
  requireEvents,
  requireUrl,
  type WebhookRefusal,
  type WebhookTarget,
} from './webhooks.js';

interface LockedWebhook {
  name: string;
  url: string;
  events: string[];
  botId: number | null;
  disabled: boolean;
}

export type WebhookOutcome = 'done' | WebhookRefusal;

const foreignKeyViolation = '23503';

/**
 * Replaces where a webhook's events are posted, and which.
 * @param target with an empty `url` the URL stays
 * @throws TeamTalkError `invalid-argument` naming what is wrong
 */
export async function changeWebhook(
  dataSource: DataSource,
  id: number,
  { url, events, botId }: WebhookTarget,
  actor: Actor,
): Promise<WebhookOutcome> {
  if (url !== '') requireUrl(url);
  requireEvents(events, botId);
  if (!isStorableId(id)) return 'not-found';
  const wanted = [...new Set(events)];
  try {
    return await auditedTransaction(dataSource, actor, async (manager, record) => {
      const before = await lockWebhook(manager, id);
      if (!before) return 'not-found';
      await manager.query(
        `UPDATE webhook SET url = coalesce(nullif($2, ''), url), bot_id = $4,
           events = CASE WHEN disabled_events IS NULL THEN $3::text[] ELSE '{}' END,
           disabled_events = CASE WHEN disabled_events IS NOT NULL THEN $3::text[] END
         WHERE id = $1`,
        [id, url, wanted, botId ?? null],
      );
      const target = (of: Pick<LockedWebhook, 'url' | 'events' | 'botId'>) => ({
        origin: originOf(of.url),
        events: of.events,
        botId: of.botId,
      });
      const after = { url: url || before.url, events: wanted, botId: botId ?? null };
      const isSame =
        after.url === before.url && JSON.stringify(target(before)) === JSON.stringify(target(after));
      if (isSame) return 'done';
      await record({
        verb: 'webhook.change',
        resource: `webhook ${id}`,
        before: { name: before.name, ...target(before) },
        after: target(after),
      });
      return 'done';
    });
  } catch (error) {
    const code = error instanceof QueryFailedError ? error.driverError.code : undefined;
    if (code === foreignKeyViolation) return 'unknown-user';
    throw error;
  }
}

/** Replaces the secret with which posts are signed. */
export function renewWebhookSecret(
  dataSource: DataSource,
  id: number,
  actor: Actor,
): Promise<IssuedSecret | { result: 'not-found' }> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const webhook = await lockWebhook(manager, id);
    if (!webhook) return { result: 'not-found' };
    const secret = newSecret();
    await manager.query('UPDATE webhook SET secret = $2 WHERE id = $1', [id, secret]);
    const after = { name: webhook.name, secret: 'set' };
    await record({ verb: 'webhook.secret', resource: `webhook ${id}`, after });
    return { result: 'done', id, secret };
  });
}

/** Stops recording and posting events for a webhook, or starts again. Events that wait are kept. */
export function setWebhookDisabled(
  dataSource: DataSource,
  id: number,
  disabled: boolean,
  actor: Actor,
): Promise<WebhookOutcome> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const webhook = await lockWebhook(manager, id);
    if (!webhook) return 'not-found';
    if (webhook.disabled === disabled) return 'done';
    await manager.query(
      `UPDATE webhook SET events = CASE WHEN $2 THEN '{}' ELSE disabled_events END,
         disabled_events = CASE WHEN $2 THEN events END
       WHERE id = $1`,
      [id, disabled],
    );
    const resource = `webhook ${id}`;
    const fields = { name: webhook.name };
    if (disabled) await record({ verb: 'webhook.disable', resource, before: fields });
    else await record({ verb: 'webhook.enable', resource, after: fields });
    return 'done';
  });
}

/** Queues an event `test`. `wrong-state`: the webhook is disabled. */
export function testWebhook(dataSource: DataSource, id: number, actor: Actor): Promise<WebhookOutcome> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const webhook = await lockWebhook(manager, id);
    if (!webhook) return 'not-found';
    if (webhook.disabled) return 'wrong-state';
    await manager.query(
      `INSERT INTO webhook_event (webhook_id, key, event, data)
       VALUES ($1, format('test %s', gen_random_uuid()), 'test', jsonb_build_object('webhook', $2::text))`,
      [id, webhook.name],
    );
    await record({ verb: 'webhook.test', resource: `webhook ${id}`, after: { name: webhook.name } });
    return 'done';
  });
}

/** Locks a webhook. @returns undefined when there is none */
async function lockWebhook(manager: EntityManager, id: number): Promise<LockedWebhook | undefined> {
  if (!isStorableId(id)) return undefined;
  const rows: LockedWebhook[] = await manager.query(
    `SELECT name, url, coalesce(disabled_events, events) AS events, bot_id AS "botId",
       disabled_events IS NOT NULL AS disabled
     FROM webhook WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return rows[0];
}
