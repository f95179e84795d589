import { createHash } from 'node:crypto';
import { MsgType, type TextCodec } from '@teamtalk/protocol';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { requireText } from '../administration/changes.js';
import { openAudit } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';
import type { Audience, Broadcasts } from './broadcasts.js';
import {
  type BroadcastOrder,
  calledBy,
  listOrders,
  type OrderAudience,
  orderAudiences,
} from './listed-orders.js';

interface OrderTarget {
  /** a bot that has not left */
  fromUserId: number;
  audience: string;
  /** empty for everybody */
  ids: readonly number[];
}

interface NewOrder extends OrderTarget {
  /** the page's idempotency key */
  key: string;
  message: string;
  /** unix seconds; a time in the past means now */
  sendAt: number;
}

/** `conflict`: the order has ended already, or too many are waiting. */
type OrderOutcome = { result: 'saved'; id: number } | { result: 'not-found' | 'conflict' };

/** Most departments, groups or users of one order. */
const maxChosen = 500;
/** Most orders waiting. */
const maxWaiting = 100;
const maxMessage = 2_000;
/** How far ahead an order can be scheduled, seconds. */
const maxAhead = 366 * 24 * 3_600;
/** Stored in place of an app's id, which is positive. */
const ofConsole = -1;

/** Condition on broadcast_order: the order is due. */
export const dueOrder = 'broadcast_id IS NULL AND ended_at IS NULL AND send_at <= now()';

const storeAudiences: Readonly<Record<OrderAudience, Audience>> = {
  everybody: 'everybody',
  departments: 'departments',
  groups: 'members',
  users: 'listed',
};

const senders: Statement = {
  name: 'broadcast_senders',
  text: `
    SELECT u.id, ${calledBy} AS name FROM bot JOIN im_user u ON u.id = bot.user_id
    WHERE u.status <> ${userHasLeft} AND $1 IN (0, u.id) ORDER BY 2, 1 LIMIT 1000`,
};

const known: Statement = {
  name: 'broadcast_order_known',
  text: 'SELECT id FROM broadcast_order WHERE key = $1',
};

const waiting: Statement = {
  name: 'broadcast_orders_waiting',
  text: 'SELECT count(*)::int4 AS waiting FROM broadcast_order WHERE broadcast_id IS NULL AND ended_at IS NULL',
};

const create: Statement = {
  name: 'broadcast_order_create',
  text: `
    INSERT INTO broadcast_order (key, from_id, message, audience, ids, send_at, created_by)
    VALUES ($1, $2, $3, $4, $5::int4[], greatest(to_timestamp($6::float8), now()), $7) RETURNING id`,
};

const lock: Statement = {
  name: 'broadcast_order_lock',
  text: 'SELECT broadcast_id, ended_at, cancelled_by FROM broadcast_order WHERE id = $1 FOR UPDATE',
};

// Waits for the batch that is being stored; after that, no worker claims the broadcast again.
const stopBroadcast: Statement = {
  name: 'broadcast_order_stop',
  text: `
    UPDATE broadcast SET finished_at = clock_timestamp(), receivers = '{}'
    WHERE id = $1 AND finished_at IS NULL RETURNING receiver_count AS receivers, stored_count AS stored`,
};

const cancel: Statement = {
  name: 'broadcast_order_cancel',
  text: 'UPDATE broadcast_order SET ended_at = clock_timestamp(), cancelled_by = $2 WHERE id = $1',
};

const claimDue: Statement = {
  name: 'broadcast_order_due',
  text: `
    SELECT id, from_id, message, audience, ids FROM broadcast_order WHERE ${dueOrder}
    ORDER BY send_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`,
};

const begin: Statement = {
  name: 'broadcast_order_begin',
  text: `
    UPDATE broadcast_order
    SET broadcast_id = nullif($2::int4, 0), ended_at = CASE WHEN $2 = 0 THEN clock_timestamp() END WHERE id = $1`,
};

const purge: Statement = {
  name: 'broadcast_order_purge',
  text: `
    DELETE FROM broadcast_order WHERE broadcast_id IS NULL AND ended_at < now() - interval '30 days' RETURNING id`,
};

interface Locked {
  broadcast_id: number | null;
  ended_at: Date | null;
  cancelled_by: string | null;
}

interface Due {
  id: number;
  from_id: number;
  message: string;
  audience: OrderAudience;
  ids: number[];
}

/** Broadcasts ordered at the console. They wait here until they are due; then BroadcastWorker sends them. */
export class BroadcastOrders {
  readonly #database: Pick<Database, 'query' | 'transaction'>;
  readonly #broadcasts: Broadcasts;
  readonly #textCodec: Pick<TextCodec, 'encrypt'>;

  constructor(
    database: Pick<Database, 'query' | 'transaction'>,
    broadcasts: Broadcasts,
    textCodec: Pick<TextCodec, 'encrypt'>,
  ) {
    this.#database = database;
    this.#broadcasts = broadcasts;
    this.#textCodec = textCodec;
  }

  /** Orders that have not ended, and the newest of the others; at most 200. */
  all(): Promise<BroadcastOrder[]> {
    return this.#database.query<BroadcastOrder>(listOrders, []);
  }

  /** The bots that can send one, by name. */
  senders(): Promise<{ id: number; name: string }[]> {
    return this.#database.query(senders, [0]);
  }

  /**
   * The number of users that would get it now; undefined when there is no such sender.
   * @throws TeamTalkError `invalid-argument`
   */
  preview(target: OrderTarget): Promise<number | undefined> {
    const audience = requireTarget(target);
    return this.#database.transaction('broadcast_preview', async (query) => {
      if (!(await isSender(query, target.fromUserId))) return undefined;
      const { found } = await this.#broadcasts.receivers(query, {
        ...target,
        audience,
        msgType: MsgType.SINGLE_TEXT,
      });
      return found.length;
    });
  }

  /** @throws TeamTalkError `invalid-argument` */
  create({ key, message, sendAt, ...target }: NewOrder, actor: Actor): Promise<OrderOutcome> {
    requireText('a key', key, 1, 100);
    requireText('a message', message, 1, maxMessage);
    requireTarget(target);
    const { fromUserId, audience, ids } = target;
    const latest = Date.now() / 1000 + maxAhead;
    if (!(sendAt <= latest)) throw new TeamTalkError('invalid-argument', 'it can wait for a year at most');
    return this.#database.transaction('broadcast_order', async (query) => {
      const record = await openAudit(query, { ...actor, asUser: fromUserId });
      const [same] = await query<{ id: number }>(known, [key]);
      if (same) return { result: 'saved', id: same.id };
      if (!(await isSender(query, fromUserId))) return { result: 'not-found' };
      const [sum] = await query<{ waiting: number }>(waiting, []);
      if (sum && sum.waiting >= maxWaiting) return { result: 'conflict' };
      const values = [key, fromUserId, message, audience, ids, sendAt, actor.name];
      const [made] = await query<{ id: number }>(create, values);
      const id = made?.id ?? 0;
      const after = { audience, ids, message, sendAt: new Date(sendAt * 1000).toISOString() };
      await record({ verb: 'broadcast.create', resource: `broadcast ${id}`, after });
      return { result: 'saved', id };
    });
  }

  /** Messages already stored are still delivered; other receivers get nothing. */
  cancel(id: number, actor: Actor): Promise<OrderOutcome> {
    if (!isStorableId(id)) return Promise.resolve({ result: 'not-found' });
    return this.#database.transaction('broadcast_cancel', async (query) => {
      const record = await openAudit(query, actor);
      const [row] = await query<Locked>(lock, [id]);
      if (!row) return { result: 'not-found' };
      // The same account repeats the call, as after a lost response.
      if (row.cancelled_by === actor.name) return { result: 'saved', id };
      if (row.ended_at !== null) return { result: 'conflict' };
      let after = { receivers: 0, stored: 0 };
      if (row.broadcast_id !== null) {
        const [stopped] = await query<typeof after>(stopBroadcast, [row.broadcast_id]);
        if (!stopped) return { result: 'conflict' };
        after = stopped;
      }
      await query(cancel, [id, actor.name]);
      await record({ verb: 'broadcast.cancel', resource: `broadcast ${id}`, after });
      return { result: 'saved', id };
    });
  }

  /**
   * Turns the first due order into a broadcast, with the current receivers.
   * @returns whether an order was due
   */
  beginDue(): Promise<boolean> {
    return this.#database.transaction('broadcast_begin', async (query) => {
      const [due] = await query<Due>(claimDue, []);
      if (!due) return false;
      const key = `order ${due.id}`;
      const outcome = await this.#broadcasts.createIn(query, {
        appId: ofConsole,
        key,
        digest: createHash('sha256').update(key).digest(),
        fromUserId: due.from_id,
        // The type that every client shows.
        msgType: MsgType.SINGLE_TEXT,
        msgData: this.#textCodec.encrypt(due.message),
        audience: storeAudiences[due.audience],
        ids: due.ids,
      });
      await query(begin, [due.id, outcome.result === 'accepted' ? outcome.id : 0]);
      return true;
    });
  }

  /** Removes orders that ended 30 days ago without a broadcast; others are removed with theirs. @returns the number removed */
  async purge(): Promise<number> {
    return (await this.#database.query(purge, [])).length;
  }
}

async function isSender(query: Query, userId: number): Promise<boolean> {
  return isStorableId(userId) && (await query(senders, [userId])).length > 0;
}

function requireTarget({ audience, ids }: OrderTarget): Audience {
  const isKnown = (orderAudiences as readonly string[]).includes(audience);
  const isPossible =
    isKnown &&
    ids.length <= maxChosen &&
    ids.every(isStorableId) &&
    (audience === 'everybody') === (ids.length === 0);
  if (!isPossible) {
    throw new TeamTalkError('invalid-argument', `everybody, or 1 to ${maxChosen} chosen ones`);
  }
  return storeAudiences[audience as OrderAudience];
}
