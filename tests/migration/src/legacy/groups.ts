import { makeStretch, type Numbering, numberings } from './conversation.js';
import type { LegacyOptions } from './options.js';
import { epoch, isGone } from './people.js';
import { Random } from './random.js';
import { hashOf, inOrder, type MessageRow, renumberedFrom, shownMessage } from './rows.js';
import type { LegacySink } from './sink.js';
import { isShown } from './tables.js';
import { note, type Truth } from './truth.js';
import type { Voices } from './voices.js';

const groupKinds = [
  'usual',
  'no row',
  'hidden rows',
  'skewed clocks',
  'voices',
  'by hand',
  'silent',
] as const;
type GroupKind = (typeof groupKinds)[number];

interface Member {
  userId: number;
  /** what its rows say */
  rows: { status: number; updated: number }[];
  /** Redis' second of joining */
  joined: number | undefined;
}

export interface Group {
  id: number;
  kind: GroupKind;
  members: Member[];
  /** the second of its first message, about */
  start: number;
  stretch(voices: Voices): MessageRow[];
}

export function planGroups(options: LegacyOptions): Group[] {
  const groups: Group[] = [];
  const mean = (0.4 * options.messages) / options.groups;
  for (let id = 1; id <= options.groups; id++) {
    const random = new Random(`${options.seed} group ${id}`);
    const kind =
      id <= 28 ? groupKinds[id % groupKinds.length]! : random.chance(0.8) ? 'usual' : random.pick(groupKinds);
    const numbering: Numbering =
      id <= 35
        ? numberings[(id >> 1) % numberings.length]!
        : random.chance(0.6)
          ? 'clean'
          : random.pick(numberings);
    const start = epoch + random.int(0, 100_000_000);
    const members = planMembers(options, random, start);
    const count = kind === 'silent' ? 0 : Math.max(id <= 35 ? 12 : 1, random.length(mean));
    groups.push({
      id,
      kind,
      members,
      start,
      stretch: (voices) =>
        makeStretch(
          {
            owner: id,
            conv: BigInt(id),
            count,
            start,
            numbering,
            isGroup: true,
            skewed: kind === 'skewed clocks',
            hidden: kind === 'hidden rows',
            voiceEvery: kind === 'voices' ? 3 : kind !== 'no row' && count > 30 ? 50 : 0,
            writer: (writers) => ({ fromId: writers.pick(members).userId, toId: id }),
          },
          new Random(`${options.seed} group messages ${id}`),
          voices,
        ).map((row) =>
          kind === 'no row' && isShown(row) ? { ...row, fate: { leftOut: 'group-gone' } } : row,
        ),
    });
  }
  return groups;
}

function planMembers(options: LegacyOptions, random: Random, start: number): Member[] {
  const members = new Map<number, Member>();
  const wanted = Math.min(options.users - 5, Math.max(6, random.length(30)));
  for (let n = 0; n < wanted; n++) {
    const userId = random.int(1, options.users);
    const kind = n < 8 ? n : random.chance(0.8) ? 0 : random.int(0, 7);
    // Many joined before the first message, some among the messages.
    const joined = random.chance(0.5) ? start - 1000 : start + random.int(0, 3_000);
    const rows = memberRows(kind, joined);
    members.set(userId, { userId, rows, joined: kind === 3 || kind === 4 ? undefined : joined });
  }
  return [...members.values()];
}

/** Statuses and times of joining: 0 in, 1 left, 3 and 4 unknown to Redis, 5 twice, 6 in Redis only, 7 left and again in. */
function memberRows(kind: number, joined: number): Member['rows'] {
  const isIn = { status: 0, updated: joined };
  if (kind === 1 || kind === 3) return [{ status: 1, updated: joined }];
  if (kind === 5) return [isIn, { status: 0, updated: joined - 50 }];
  if (kind === 6) return [];
  if (kind === 7) return [{ status: 1, updated: joined - 500 }, isIn];
  return [isIn];
}

/** The group itself, its members, sessions, counts and settings, and what has to come of them. */
export function finishGroup(
  options: LegacyOptions,
  group: Group,
  rows: readonly MessageRow[],
  sink: LegacySink,
  truth: Truth,
): void {
  const { id, kind, members } = group;
  const random = new Random(`${options.seed} group state ${id}`);
  const exists = kind !== 'no row';
  if (exists) makeGroup(options, group, sink, truth);
  const shown = inOrder(rows.filter(isShown));
  if (exists && shown.length > 0) {
    sink.shown?.(BigInt(id), shown.map(shownMessage));
    for (const { fromId } of shown) if (isGone(fromId)) truth.goneUsers.add(fromId);
    truth.conversations.set(BigInt(id), {
      count: shown.length,
      hash: hashOf(shown),
      lastAt: shown.at(-1)!.created,
      lowSent: 0,
      low: { read: 0, seen: 0, removed: false },
      high: { read: 0, seen: 0, removed: false },
      renumberedFrom: renumberedFrom(shown),
    });
  }
  sink.redis('unread', 'SET', `group_msg_id_${id}`, rows.length);
  note(truth, 'redis group_msg_id_*', 'counter-redundant');
  const counted = id % 9 === 4 ? undefined : rows.length + (id % 5);
  if (counted !== undefined) {
    sink.redis('unread', 'HSET', `${id}_im_group_msg`, 'count', counted);
    note(truth, 'redis *_im_group_msg', exists ? undefined : 'group-gone');
  }
  for (const member of members) finishMember(group, member, { random, exists, shown, counted }, sink, truth);
}

function makeGroup(
  { projects }: LegacyOptions,
  { id, kind, members, start }: Group,
  sink: LegacySink,
  truth: Truth,
): void {
  const group = {
    name: id % 6 === 0 ? `组 ${id} 🎉` : id % 13 === 0 ? '' : `group ${id}`,
    avatar: id % 4 === 0 ? `g0/000/001/${1_450_000_000_000_000 + id}_1.png` : '',
    creatorId: kind === 'by hand' ? 0 : members[0]!.userId,
    type: id % 3 === 0 ? 2 : 1,
    status: kind === 'by hand' ? 1 : 0,
    version: 1 + (id % 30),
    created: start - 2_000,
  };
  sink.row('IMGroup', {
    id,
    name: group.name,
    avatar: group.avatar,
    creator: group.creatorId,
    type: group.type,
    userCnt: 2 * members.length + 1,
    status: group.status,
    version: group.version,
    lastChated: start,
    created: group.created,
    updated: group.created,
    ...(projects && { pid: id % 2 }),
  });
  note(truth, 'IMGroup');
  truth.groups.set(id, group);
}

interface GroupState {
  random: Random;
  exists: boolean;
  shown: readonly MessageRow[];
  counted: number | undefined;
}

function finishMember(group: Group, member: Member, state: GroupState, sink: LegacySink, truth: Truth): void {
  const { id } = group;
  const { userId, rows, joined } = member;
  const { random, exists, shown, counted } = state;
  const known = !isGone(userId);
  const current = rows.filter(({ status }) => status === 0);
  const isIn = exists && known && current.length > 0;
  for (const { status, updated } of rows) {
    sink.row('IMGroupMember', { groupId: id, userId, status, created: group.start - 1_500, updated });
  }
  const why = exists ? (known ? 'member-left' : 'member-without-user') : 'member-without-group';
  if (rows.length > 0) note(truth, 'IMGroupMember', isIn ? undefined : why);
  // Further rows of one member are left out for being that, where the member comes at all.
  if (rows.length > 1) note(truth, 'IMGroupMember', isIn ? 'member-duplicate' : why, rows.length - 1);
  if (joined !== undefined) {
    sink.redis('group_member', 'HSET', `group_member_${id}`, userId, joined);
    note(truth, 'redis group_member_*', isIn ? undefined : 'member-only-in-redis');
  }
  const listed = random.chance(0.8);
  if (listed || random.chance(0.3)) {
    sink.row('IMRecentSession', {
      userId,
      peerId: id,
      type: 2,
      status: listed ? 0 : 1,
      created: group.start,
      updated: group.start,
    });
    note(truth, 'IMRecentSession', 'session-redundant');
  }
  const shield = random.chance(0.2);
  if (shield || random.chance(0.1)) {
    sink.redis('group_set', 'HSET', `group_set_${id}`, `${userId}_1`, shield ? 1 : 0);
    note(truth, 'redis group_set_*', isIn ? undefined : 'shield-without-member');
  }
  const unread = random.pick([0, 0, 1, 3, -2, 1_000_000, undefined]);
  if (unread !== undefined && counted !== undefined) {
    sink.redis(
      'unread',
      'HSET',
      `${userId}_${id}_im_user_group`,
      'count',
      counted - Math.min(unread, counted + 1),
    );
    note(truth, 'redis *_im_user_group', isIn ? undefined : 'counter-redundant');
  }
  if (!isIn) return;
  const joinedAt = joined ?? Math.max(...current.map(({ updated }) => updated));
  const before = shown.filter(({ created }) => created < joinedAt).length;
  const difference =
    counted === undefined ? 0 : unread === undefined ? counted : Math.min(unread, counted + 1);
  const waiting = Math.max(0, Math.min(difference, shown.length - before));
  truth.members.set(`${id}/${userId}`, {
    joinedAt,
    joinMsgId: before,
    readId: shown.length - waiting,
    removed: !listed && waiting === 0,
    shield,
  });
}

/** Members of nothing. */
export function strayMembers(sink: LegacySink, truth: Truth): void {
  sink.row('IMGroupMember', { groupId: 777_777, userId: 1, status: 0, created: epoch, updated: epoch });
  note(truth, 'IMGroupMember', 'member-without-group');
  sink.redis('group_set', 'HSET', 'group_set_777777', '1_1', 1);
  note(truth, 'redis group_set_*', 'shield-without-member');
}
