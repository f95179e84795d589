import type { Buckets } from './buckets.js';
import type { NewStore } from './new-store.js';
import type { OldStore } from './old-store.js';
import { largestId, pairOf } from './read-messages.js';
import type { Tally } from './tally.js';

/** Relations, sessions, unread counts, members and settings of the old store. */
export async function readOldFacts(old: OldStore, buckets: Buckets, tally: Tally): Promise<void> {
  const isId = (id: number) => Number.isInteger(id) && id > 0 && id <= largestId;
  type Relation = { id: number; smallId: number; bigId: number };
  for await (const { smallId, bigId } of old.rows<Relation>('IMRelationShip', 'id, smallId, bigId')) {
    if (smallId === bigId || !isId(smallId) || !isId(bigId))
      tally.leftOut('IMRelationShip', 'relation-without-messages');
    else buckets.addFact(pairOf(smallId, bigId), { of: 'relation' });
  }
  type Session = { id: number; userId: number; peerId: number; type: number; status: number };
  for await (const row of old.rows<Session>('IMRecentSession', 'id, userId, peerId, type, status')) {
    tally.leftOut('IMRecentSession', 'session-redundant');
    if (!isId(row.userId) || !isId(row.peerId)) continue;
    const conv = row.type === 2 ? BigInt(row.peerId) : pairOf(row.userId, row.peerId);
    buckets.addFact(conv, { of: 'session', user: row.userId, listed: row.status === 0 });
  }
  type Member = { id: number; groupId: number; userId: number; status: number; updated: number };
  for await (const row of old.rows<Member>('IMGroupMember', 'id, groupId, userId, status, updated')) {
    const { groupId, userId: user, updated } = row;
    buckets.addFact(BigInt(groupId), { of: 'member', user, left: row.status !== 0, updated });
  }
  await readRedis(old, buckets, tally);
}

async function readRedis(old: OldStore, buckets: Buckets, tally: Tally): Promise<void> {
  for await (const { numbers, field, value } of old.fields('unread', 'unread_*', /^unread_(\d+)$/)) {
    const [user, peer, count] = [numbers[0]!, Number(field), Number(value)];
    if (user === peer || !(peer > 0) || !Number.isInteger(count))
      tally.leftOut('redis unread_*', 'unread-without-peer');
    else buckets.addFact(pairOf(user, peer), { of: 'unread', user, count });
  }
  for await (const { numbers, value } of old.fields('unread', '*_im_group_msg', /^(\d+)_im_group_msg$/)) {
    buckets.addFact(BigInt(numbers[0]!), { of: 'counter', count: Number(value) });
  }
  const ofMembers = old.fields('unread', '*_im_user_group', /^(\d+)_(\d+)_im_user_group$/);
  for await (const { numbers, value } of ofMembers) {
    buckets.addFact(BigInt(numbers[1]!), { of: 'counter at read', user: numbers[0]!, count: Number(value) });
  }
  for await (const { numbers, field, value } of old.fields(
    'group_member',
    'group_member_*',
    /^group_member_(\d+)$/,
  )) {
    buckets.addFact(BigInt(numbers[0]!), { of: 'joined', user: Number(field), at: Number(value) });
  }
  for await (const { numbers, field, value } of old.fields('group_set', 'group_set_*', /^group_set_(\d+)$/)) {
    const [, user] = /^(\d+)_1$/.exec(field) ?? [];
    if (user) buckets.addFact(BigInt(numbers[0]!), { of: 'shield', user: Number(user), on: value === '1' });
  }
  for (const pattern of ['msg_id_*', 'group_msg_id_*']) {
    for await (const { keys } of old.keys('unread', pattern)) {
      tally.leftOut(`redis ${pattern}`, 'counter-redundant', keys.length);
    }
  }
}

/** Conversations and members of the new store. */
export async function readNewFacts(store: NewStore, buckets: Buckets): Promise<void> {
  type Conversation = Record<'conv' | 'last_at', string> &
    Record<
      | 'last_id'
      | 'low_sent'
      | 'low_read'
      | 'high_read'
      | 'low_seen'
      | 'high_seen'
      | 'low_removed'
      | 'high_removed',
      number
    >;
  const conversations = store.rows<Conversation>(
    `SELECT conv, last_id, extract(epoch FROM last_at) AS last_at, low_sent, low_read, high_read, low_seen, high_seen, low_removed,
      high_removed FROM conversation`,
  );
  for await (const row of conversations) {
    buckets.addFact(BigInt(row.conv), {
      of: 'conversation',
      lastId: row.last_id,
      lastAt: Number(row.last_at),
      lowSent: row.low_sent,
      read: [row.low_read, row.high_read],
      seen: [row.low_seen, row.high_seen],
      removed: [row.low_removed, row.high_removed],
    });
  }
  type Member = { joined: string; shield: boolean } & Record<
    'group_id' | 'user_id' | 'join_msg_id' | 'read_id' | 'removed_id',
    number
  >;
  const members = store.rows<Member>(
    `SELECT group_id, user_id, extract(epoch FROM joined_at) AS joined, join_msg_id, read_id, removed_id, shield
      FROM group_member`,
  );
  for await (const row of members) {
    buckets.addFact(BigInt(row.group_id), {
      of: 'new member',
      user: row.user_id,
      joinedAt: Number(row.joined),
      joinMsgId: row.join_msg_id,
      readId: row.read_id,
      removedId: row.removed_id,
      shield: row.shield,
    });
  }
}
