import { isGroupMessageType } from '@teamtalk/protocol';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';

/** `members`: each member of the groups gets one message of their own */
export type Audience = 'listed' | 'everybody' | 'departments' | 'members';

export interface NewBroadcast {
  /** 0: of a caller without a key */
  appId: number;
  /** the caller's idempotency key */
  key: string;
  /** of the request, without the key */
  digest: Buffer;
  fromUserId: number;
  msgType: number;
  msgData: Uint8Array;
  audience: Audience;
  /** user ids, group ids for the group message types and `members`, or department ids */
  ids: readonly number[];
}

/** The fields that determine the receivers of a broadcast. */
type Target = Pick<NewBroadcast, 'fromUserId' | 'msgType' | 'audience' | 'ids'>;

interface Receivers {
  /** ascending */
  found: number[];
  /** listed ids that get nothing */
  refused: number[];
}

interface Accepted {
  id: number;
  receivers: number;
  /** number of listed receivers that get no message */
  refused: number;
  /** the first of the refused ids, ascending */
  refusedIds: number[];
}

export type CreateOutcome =
  | ({ result: 'accepted' } & Accepted)
  | { result: 'nobody' }
  | { result: 'other-request' };

export interface Progress {
  from_id: number;
  type: number;
  receiver_count: number;
  stored_count: number;
  refused_count: number;
  refused_ids: number[];
  /** unix seconds */
  created_at: number;
  /** unix seconds; null: not yet */
  finished_at: number | null;
}

/** Most ids reported of receivers that get no message. */
export const maxReportedIds = 1_000;

const existing: Statement = {
  name: 'broadcast_existing',
  text: 'SELECT id, request, receiver_count, refused_count, refused_ids FROM broadcast WHERE app_id = $1 AND key = $2',
};

const sender: Statement = {
  name: 'broadcast_sender',
  text: `SELECT id FROM im_user WHERE id = $1 AND status <> ${userHasLeft}`,
};

// The first parameter is the sender, who is not a receiver.
const receivers: Record<'users' | 'groups' | Exclude<Audience, 'listed'>, Statement> = {
  users: {
    name: 'broadcast_users',
    text: 'SELECT array(SELECT id FROM im_user WHERE id = ANY ($2::int4[]) AND id <> $1 ORDER BY id) AS ids',
  },
  groups: {
    name: 'broadcast_groups',
    text: `
      SELECT array(
        SELECT m.group_id FROM group_member m JOIN chat_group g ON g.id = m.group_id AND g.status = 0
        WHERE m.user_id = $1 AND m.group_id = ANY ($2::int4[]) ORDER BY m.group_id
      ) AS ids`,
  },
  members: {
    name: 'broadcast_members',
    text: `
      SELECT array(
        SELECT DISTINCT m.user_id FROM group_member m
          JOIN chat_group g ON g.id = m.group_id AND g.status = 0 JOIN im_user u ON u.id = m.user_id
        WHERE m.group_id = ANY ($2::int4[]) AND u.status <> ${userHasLeft} AND u.id <> $1 ORDER BY m.user_id
      ) AS ids`,
  },
  everybody: {
    name: 'broadcast_everybody',
    text: `
      SELECT array(SELECT id FROM im_user WHERE status <> ${userHasLeft} AND id <> $1 ORDER BY id) AS ids
      WHERE cardinality($2::int4[]) = 0`,
  },
  departments: {
    name: 'broadcast_departments',
    text: `
      WITH RECURSIVE inside AS (
        SELECT id FROM department WHERE id = ANY ($2::int4[]) AND status = 0
        UNION SELECT d.id FROM department d JOIN inside ON d.parent_id = inside.id WHERE d.status = 0
      )
      SELECT array(
        SELECT u.id FROM im_user u JOIN inside ON u.department_id = inside.id
        WHERE u.status <> ${userHasLeft} AND u.id <> $1 ORDER BY u.id
      ) AS ids`,
  },
};

const insert: Statement = {
  name: 'broadcast_insert',
  text: `
    INSERT INTO broadcast (app_id, key, request, from_id, type, data, receivers, receiver_count, refused_count, refused_ids)
    VALUES ($1, $2, $3, $4, $5, $6, $7::int4[], cardinality($7::int4[]), $8, $9::int4[])
    ON CONFLICT (app_id, key) DO NOTHING
    RETURNING id`,
};

const progress: Statement = {
  name: 'broadcast_progress',
  text: `
    SELECT from_id, type, receiver_count, stored_count, refused_count, refused_ids,
      extract(epoch FROM created_at)::float8 AS created_at, extract(epoch FROM finished_at)::float8 AS finished_at
    FROM broadcast WHERE id = $1 AND app_id IN ($2, 0)`,
};

const purge: Statement = {
  name: 'broadcast_purge',
  text: `DELETE FROM broadcast WHERE finished_at < now() - interval '30 days' RETURNING id`,
};

/** Messages of one user to many receivers: created here, sent by BroadcastWorker. */
export class Broadcasts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Creates a broadcast. The receivers are fixed now: unknown users and groups, the sender, and groups the sender is not
   * a member of are left out and reported.
   */
  create(wanted: NewBroadcast): Promise<CreateOutcome> {
    return this.#database.transaction('create_broadcast', (query) => this.createIn(query, wanted));
  }

  /** As `create`, within a transaction. */
  async createIn(query: Query, wanted: NewBroadcast): Promise<CreateOutcome> {
    const before = await this.#existing(query, wanted);
    if (before) return before;
    const { found, refused } = await this.receivers(query, wanted);
    if (found.length === 0) return { result: 'nobody' };
    const refusedIds = refused.filter(isStorableId).slice(0, maxReportedIds);
    const { appId, key, digest, fromUserId, msgType, msgData } = wanted;
    const values = [appId, key, digest, fromUserId, msgType, Buffer.from(msgData), found];
    const [made] = await query<{ id: number }>(insert, [...values, refused.length, refusedIds]);
    if (made) {
      const { length } = found;
      return { result: 'accepted', id: made.id, receivers: length, refused: refused.length, refusedIds };
    }
    // A concurrent request with the same key won.
    return (await this.#existing(query, wanted)) ?? { result: 'other-request' };
  }

  /** The current receivers; none when the sender does not exist or has left. */
  async receivers(query: Query, wanted: Target): Promise<Receivers> {
    const none = { found: [], refused: [] };
    if (!isStorableId(wanted.fromUserId)) return none;
    if ((await query(sender, [wanted.fromUserId])).length === 0) return none;
    const ids = [...new Set(wanted.ids)];
    const [row] = await query<{ ids: number[] }>(receivers[kindOf(wanted)], [
      wanted.fromUserId,
      ids.filter(isStorableId),
    ]);
    const found = row?.ids ?? [];
    return { found, refused: wanted.audience === 'listed' ? missingFrom(ids, found) : [] };
  }

  async progress(id: number, appId: number): Promise<Progress | undefined> {
    if (!isStorableId(id)) return undefined;
    return (await this.#database.query<Progress>(progress, [id, appId]))[0];
  }

  /** Removes broadcasts that were finished 30 days ago. @returns how many */
  async purge(): Promise<number> {
    return (await this.#database.query(purge, [])).length;
  }

  async #existing(query: Query, { appId, key, digest }: NewBroadcast): Promise<CreateOutcome | undefined> {
    const [row] = await query<{
      id: number;
      request: Buffer;
      receiver_count: number;
      refused_count: number;
      refused_ids: number[];
    }>(existing, [appId, key]);
    if (!row) return undefined;
    if (!row.request.equals(digest)) return { result: 'other-request' };
    return {
      result: 'accepted',
      id: row.id,
      receivers: row.receiver_count,
      refused: row.refused_count,
      refusedIds: row.refused_ids,
    };
  }
}

function kindOf({ audience, msgType }: Target): keyof typeof receivers {
  if (audience !== 'listed') return audience;
  return isGroupMessageType(msgType) ? 'groups' : 'users';
}

function missingFrom(ids: readonly number[], found: readonly number[]): number[] {
  const known = new Set(found);
  return ids.filter((id) => !known.has(id)).sort((a, b) => a - b);
}
