import { Commands, decodeBody } from '@teamtalk/protocol';
import { type Kit, traceId } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import type { Question } from '../database/shared-poll.js';
import type { MemberLists } from '../messages/group-members.js';
import type { StoredMessage } from '../messages/stored-batch.js';

/** Bytes of the header before a PDU's body. */
const headerBytes = 16;

/**
 * Records messages to bots as webhook events. They are stored before the batch counts as delivered: if the replica dies,
 * another one delivers the batch and stores the missing events.
 */
export class BotMessages {
  readonly question: Question = {
    name: 'bots',
    sql: `SELECT jsonb_agg(jsonb_build_array(bot_id, id)) FROM webhook
      WHERE 'message' = ANY (events) AND bot_id IS NOT NULL`,
    take: (rows) => this.#load(rows as [botId: number, webhookId: number][] | null),
  };
  readonly #pool: Pool;
  readonly #recorded;
  /** Webhook ids by bot id. */
  #webhooks: ReadonlyMap<number, number[]> = new Map();

  constructor(pool: Pool, kit: Pick<Kit, 'metrics'>) {
    this.#pool = pool;
    this.#recorded = kit.metrics.counter('webhook_messages_total', 'Messages to bots recorded for webhooks');
  }

  /** Stores events for messages to bots; without bots it does nothing. */
  async record(messages: readonly StoredMessage[], lists: MemberLists): Promise<void> {
    if (this.#webhooks.size === 0) return;
    const rows: { webhook: number; key: string; data: string }[] = [];
    for (const message of messages) {
      for (const [botId, webhooks] of this.#webhooks) {
        if (message.fromUserId === botId || !isFor(botId, message, lists)) continue;
        const data = JSON.stringify(eventOf(botId, message));
        const { isGroup, fromUserId, toSessionId, msgId } = message;
        const key = `message ${isGroup ? `group ${toSessionId}` : fromUserId} ${msgId}`;
        for (const webhook of webhooks) rows.push({ webhook, key, data });
      }
    }
    if (rows.length === 0) return;
    await this.#pool.query({
      name: 'webhook_add_messages',
      text: `INSERT INTO webhook_event (webhook_id, key, event, data)
        SELECT o.webhook_id, o.key, 'message', o.data::jsonb
        FROM unnest($1::int4[], $2::text[], $3::text[]) AS o(webhook_id, key, data)
        JOIN webhook w ON w.id = o.webhook_id
        ON CONFLICT DO NOTHING`,
      values: [rows.map((row) => row.webhook), rows.map((row) => row.key), rows.map((row) => row.data)],
    });
    this.#recorded.inc(rows.length);
  }

  #load(rows: readonly [botId: number, webhookId: number][] | null): void {
    const webhooks = new Map<number, number[]>();
    for (const [botId, id] of rows ?? []) webhooks.set(botId, [...(webhooks.get(botId) ?? []), id]);
    this.#webhooks = webhooks;
  }
}

function isFor(botId: number, message: StoredMessage, lists: MemberLists): boolean {
  if (!message.isGroup) return message.toSessionId === botId;
  return lists.get(message.toSessionId)?.receiversOf(message.msgId).includes(botId) ?? false;
}

/** The event of a message, with its data as stored; the text is decoded when it is posted. */
function eventOf(botId: number, message: StoredMessage) {
  const { isGroup, fromUserId, toSessionId, msgId, pdu, originInstance, originRequestId } = message;
  const { msgType, msgData, createTime } = decodeBody(Commands.MsgData, pdu.subarray(headerBytes));
  return {
    bot_user_id: botId,
    from_user_id: fromUserId,
    ...(isGroup && { group_id: toSessionId }),
    msg_id: msgId,
    trace: traceId(originInstance, originRequestId),
    sent_at: createTime,
    msg_type: msgType,
    msg_data: Buffer.from(msgData).toString('base64'),
  };
}
