import { Commands, decodeBody } from '@teamtalk/protocol';
import { every, type Kit, traceId } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import type { MemberLists } from '../messages/group-members.js';
import type { StoredMessage } from '../messages/stored-batch.js';

/** Delay until a new webhook gets message events, milliseconds. */
const refreshMs = 1_000;
/** Bytes of the header before a PDU's body. */
const headerBytes = 16;

interface WebhookRow {
  id: number;
  bot_id: number;
}

/**
 * Records messages to bots as webhook events. They are stored before the batch counts as delivered: if the replica dies,
 * another one delivers the batch and stores the missing events.
 */
export class BotMessages {
  readonly #pool: Pool;
  readonly #kit: Kit;
  readonly stop: () => Promise<void>;
  readonly #recorded;
  /** Webhook ids by bot id. */
  #webhooks: ReadonlyMap<number, number[]> = new Map();

  constructor(pool: Pool, kit: Kit) {
    this.#pool = pool;
    this.#kit = kit;
    this.#recorded = kit.metrics.counter('webhook_messages_total', 'Messages to bots recorded for webhooks');
    this.stop = every(refreshMs, () => this.#load());
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

  async #load(): Promise<void> {
    try {
      const { rows } = await this.#pool.query<WebhookRow>({
        name: 'webhook_bots',
        text: `SELECT id, bot_id FROM webhook WHERE 'message' = ANY (events) AND bot_id IS NOT NULL`,
      });
      const webhooks = new Map<number, number[]>();
      for (const { id, bot_id } of rows) webhooks.set(bot_id, [...(webhooks.get(bot_id) ?? []), id]);
      this.#webhooks = webhooks;
    } catch (error) {
      this.#kit.log.debug({ err: error }, 'webhook refresh failed');
    }
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
