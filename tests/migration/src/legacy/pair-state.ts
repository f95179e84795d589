import type { LegacyOptions } from './options.js';
import type { Pair } from './pairs.js';
import { epoch, isGone } from './people.js';
import { Random } from './random.js';
import { hashOf, inOrder, type MessageRow, renumberedFrom, shownMessage } from './rows.js';
import type { LegacySink } from './sink.js';
import { isShown } from './tables.js';
import { note, type TrueSide, type Truth } from './truth.js';

const sessionKinds = ['there', 'missing', 'removed', 'twice', 'removed and there', 'there'] as const;
const sessionStatuses: Record<(typeof sessionKinds)[number], readonly number[]> = {
  there: [0],
  missing: [],
  removed: [1],
  twice: [0, 0],
  'removed and there': [1, 0],
};
const unreadKinds = ['none', 'some', 'too many', 'zero', 'some', 'none', 'all'] as const;

/** Sessions, unread counts and counters of a pair whose rows are all stored, and what has to come of it. */
export function finishPair(
  options: LegacyOptions,
  pair: Pair,
  rows: readonly MessageRow[],
  sink: LegacySink,
  truth: Truth,
): void {
  const { low, high, conv } = pair;
  const random = new Random(`${options.seed} state ${conv}`);
  const shown = inOrder(rows.filter(isShown));
  for (const { id, row } of pair.relations) {
    if (!row || id % 5 === 0) continue;
    // Behind now and then: an old snapshot of Redis.
    sink.redis('unread', 'SET', `msg_id_${id}`, Math.max(0, rows.length - (id % 3)));
    note(truth, 'redis msg_id_*', 'counter-redundant');
  }
  const side = (user: number, peer: number, turn: number): TrueSide => {
    const theirs = shown.filter(({ fromId }) => fromId === peer);
    const early = pair.index < 60;
    const session =
      sessionKinds[
        early ? (pair.index + 3 * turn) % sessionKinds.length : random.chance(0.9) ? 0 : random.int(0, 4)
      ]!;
    const listed = makeSession(session, user, peer, rows[0]!.created, sink, truth);
    const kind = unreadKinds[early ? (pair.index + turn) % unreadKinds.length : random.int(0, 6)]!;
    const stored = unreadOf(kind, theirs.length, random);
    if (stored !== undefined) {
      sink.redis('unread', 'HSET', `unread_${user}`, peer, stored);
      note(truth, 'redis unread_*', theirs.length > 0 ? undefined : 'unread-without-peer');
    }
    const unread = Math.min(stored ?? 0, theirs.length);
    const firstUnread = unread > 0 ? shown.indexOf(theirs[theirs.length - unread]!) : shown.length;
    return { read: firstUnread, seen: theirs.length - unread, removed: !listed && unread === 0 };
  };
  const sides = { low: side(low, high, 0), high: side(high, low, 1) };
  if (shown.length === 0) return;
  sink.shown?.(conv, shown.map(shownMessage));
  for (const user of [low, high]) if (isGone(user)) truth.goneUsers.add(user);
  truth.conversations.set(conv, {
    count: shown.length,
    hash: hashOf(shown),
    lastAt: shown.at(-1)!.created,
    lowSent: shown.filter(({ fromId }) => fromId === low).length,
    ...sides,
    renumberedFrom: renumberedFrom(shown),
  });
}

/** @returns whether the user's list has it */
function makeSession(
  kind: (typeof sessionKinds)[number],
  userId: number,
  peerId: number,
  at: number,
  sink: LegacySink,
  truth: Truth,
): boolean {
  const statuses = sessionStatuses[kind];
  for (const [index, status] of statuses.entries()) {
    sink.row('IMRecentSession', { userId, peerId, type: 1, status, created: epoch, updated: at + index });
    note(truth, 'IMRecentSession', 'session-redundant');
  }
  return statuses.includes(0);
}

function unreadOf(kind: (typeof unreadKinds)[number], theirs: number, random: Random): number | undefined {
  if (kind === 'none') return undefined;
  if (kind === 'zero') return 0;
  if (kind === 'too many') return theirs + 7;
  return kind === 'all' ? theirs : random.int(0, theirs);
}

/** Sessions and counts that lead nowhere. */
export function strayState(sink: LegacySink, truth: Truth): void {
  const sessions: [userId: number, peerId: number, type: number][] = [
    [1, 999_999, 1],
    [999_999, 1, 1],
    [2, 888_888, 2],
  ];
  for (const [userId, peerId, type] of sessions) {
    sink.row('IMRecentSession', { userId, peerId, type, status: 0, created: epoch, updated: epoch });
    note(truth, 'IMRecentSession', 'session-redundant');
  }
  sink.redis('unread', 'HSET', 'unread_1', 999_999, 4);
  note(truth, 'redis unread_*', 'unread-without-peer');
  sink.redis('unread', 'SET', 'total_user_update', epoch);
  sink.redis('unread', 'SET', 'last_update_group', epoch);
}
