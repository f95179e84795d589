import { createKit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Connection } from '../connection/connection.js';
import { MsgServerMetrics } from '../metrics.js';
import type { DeliveredMessage } from './delivered-message.js';
import { Deliveries } from './deliveries.js';
import type { FetchRange, FindVisible } from './gap-filler.js';
import { LocalUsers } from './local-users.js';
import { NoticeDowngrade } from './notice-downgrade.js';
import { SenderCache } from './sender-cache.js';

let users: LocalUsers;
let deliveries: Deliveries;
/** Why connections were ended. */
let ended: string[];
/** The store's answer to a question for a range. */
let fetchRange: FetchRange;
/** The store's response to a visibility check. */
let findVisible: FindVisible;

beforeEach(() => {
  const { log, metrics } = createKit('msg_server', { logLevel: 'silent', shutdownMs: 1_000 });
  users = new LocalUsers();
  ended = [];
  fetchRange = () => Promise.reject(new Error('no store'));
  findVisible = () => Promise.reject(new Error('no store'));
  deliveries = new Deliveries({
    users,
    instance: 1,
    senderCache: new SenderCache(),
    fetchRange: (...range) => fetchRange(...range),
    findVisible: (...question) => findVisible(...question),
    noticeDowngrade: new NoticeDowngrade({ pc: false, mobile: false }),
    metrics: new MsgServerMetrics(metrics, []),
    log,
  });
});
afterEach(() => {
  deliveries.stop();
  vi.useRealTimers();
});

/** Logs a user in. @returns what their connection gets: texts of messages */
function logIn(userId: number): string[] {
  const got: string[] = [];
  const connection = {
    id: userId,
    userId,
    isMobile: false,
    remoteAddress: '',
    push: (pdu: Buffer) => got.push(pdu.toString()),
    end(reason: string) {
      if (users.remove(connection)) ended.push(reason);
    },
  } as unknown as Connection;
  users.add(connection);
  return got;
}

const sample = {
  exceptConnection: 0,
  originInstance: 2,
  originRequestId: 2,
  groupVersion: 0,
  openFrom: 0,
  receivedAt: 0,
  outboxId: 0,
};

/** Delivers a message of user `peer` to user 1. */
function deliver(peer: number, msgId: number, text: string, more: Partial<DeliveredMessage> = {}): void {
  const message = { ...sample, msgId, pdu: Buffer.from(text), ...more };
  deliveries.deliver({ sessionType: 1, userId: peer, sessionId: 1 }, message, [1]);
}

test('reused ids are new after all cursors are dropped', () => {
  const got = logIn(1);
  deliver(2, 1, 'a');
  deliver(2, 2, 'lost by the store');
  deliveries.forgetAll();
  deliver(2, 2, 'b');
  expect(got).toEqual(['a', 'lost by the store', 'b']);
  expect(ended).toEqual([]);
});

test('a user with buffered messages is disconnected when all cursors are dropped', () => {
  const got = logIn(1);
  deliver(2, 1, 'a');
  deliver(2, 3, 'c');
  deliveries.forgetAll();
  expect(got).toEqual(['a']);
  expect(ended).toEqual(['resync']);
});

test('skips only messages missing from the store, however many are buffered behind them', async () => {
  vi.useFakeTimers();
  const ids = Array.from({ length: 1_000 }, (_, i) => i + 1).filter((id) => id !== 2);
  fetchRange = async (_conversation, first, last) =>
    ids
      .filter((id) => id >= first && id <= last)
      .map((msgId) => ({ msgId, originInstance: 2, originRequestId: 2, pdu: Buffer.from(`${msgId}`) }));
  const got = logIn(1);
  deliver(2, 1, '1');
  for (let id = 700; id <= 1_000; id++) deliver(2, id, `${id}`);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(got).toEqual(['1']);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(got.map(Number)).toEqual(ids);
  expect(ended).toEqual([]);
});

test('disconnects a user whose messages cannot be fetched for a minute', async () => {
  vi.useFakeTimers();
  const got = logIn(1);
  deliver(2, 1, 'a');
  deliver(2, 3, 'c');
  await vi.advanceTimersByTimeAsync(58_000);
  expect(ended).toEqual([]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(ended).toEqual(['resync']);
  expect(got).toEqual(['a']);
});

test('delivers the first of more than fifty thousand open messages', async () => {
  const count = 60_000;
  fetchRange = async (_conversation, first, last) =>
    Array.from({ length: last - first + 1 }, (_, i) => ({
      msgId: first + i,
      originInstance: 2,
      originRequestId: 2,
      pdu: Buffer.from(`${first + i}`),
    }));
  const got = logIn(1);
  deliver(2, count, `${count}`, { openFrom: 1 });
  await vi.waitFor(() => expect(got.length).toBe(count), { timeout: 20_000 });
  expect(got.every((text, i) => text === `${i + 1}`)).toBe(true);
});

/** How many conversations of a user are remembered. */
const remembered = 16_384;

/** One message of each of so many peers, from 1,000 on. @returns the outbox id of the last one */
function deliverFromMany(count: number, outboxId: number): number {
  for (let i = 0; i < count; i++) deliver(1_000 + i, 1, 'other', { outboxId: outboxId + i });
  return outboxId + count - 1;
}

test('a message repeated after its cursor was evicted is not delivered twice', () => {
  const got = logIn(1);
  deliver(2, 1, 'a', { outboxId: 10 });
  deliverFromMany(remembered - 1, 100);
  deliver(2, 1, 'a', { outboxId: 10 });
  expect(got.filter((text) => text === 'a')).toHaveLength(1);
  expect(ended).toEqual([]);
  // Its cursor was used recently and is still there; all others have to be newer.
  deliverFromMany(remembered - 1, 100_000);
  deliver(3, 1, 'b', { outboxId: 200_000 });
  deliver(2, 1, 'a', { outboxId: 10 });
  expect(got.filter((text) => text === 'a')).toHaveLength(1);
  expect(ended).toEqual(['resync']);
});

test('an undelivered message is not dropped after cursors were evicted', () => {
  const got = logIn(1);
  deliver(2, 1, 'a', { outboxId: 10 });
  const last = deliverFromMany(remembered, 100);
  deliver(2, 2, 'b', { outboxId: last + 1 });
  deliver(3, 7, 'c', { outboxId: last });
  expect(got.filter((text) => text !== 'other')).toEqual(['a', 'b', 'c']);
  expect(ended).toEqual([]);
  // Perhaps it was delivered, perhaps not: their client fetches it.
  deliver(4, 1, 'late', { outboxId: 5 });
  expect(ended).toEqual(['resync']);
});

test('does not wait for earlier messages that may have been delivered', () => {
  const got = logIn(1);
  deliver(2, 1, 'a', { outboxId: 10 });
  const last = deliverFromMany(remembered, 100);
  deliver(2, 2, 'b', { outboxId: last + 1, openFrom: 1 });
  expect(got.filter((text) => text !== 'other')).toEqual(['a']);
  expect(ended).toEqual(['resync']);
});

/** Delivers a message to members of a group at a version. */
function deliverToGroup(
  groupId: number,
  msgId: number,
  groupVersion: number,
  userIds = [1],
  more: Partial<DeliveredMessage> = {},
): void {
  const conversation = { sessionType: 2, userId: 2, sessionId: groupId };
  const message = { ...sample, msgId, pdu: Buffer.from(`${groupId} ${msgId}`), groupVersion, ...more };
  deliveries.deliver(conversation, message, userIds);
}

function storedInGroup(groupId: number, first: number, last: number) {
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    msgId: first + i,
    originInstance: 2,
    originRequestId: 2,
    pdu: Buffer.from(`${groupId} ${first + i}`),
  }));
}

test('a user found during the fetch to have been away gets nothing of that time', async () => {
  vi.useFakeTimers();
  findVisible = async (userId, _groupId, ids) => ids.filter((id) => userId === 2 || id >= 9);
  let answer = () => {};
  fetchRange = (_conversation, first, last) =>
    new Promise((resolve) => {
      answer = () => resolve(storedInGroup(7, first, last));
    });
  const [away, there] = [logIn(1), logIn(2)];
  deliverToGroup(7, 1, 1, [1, 2]);
  deliverToGroup(7, 3, 1, [1]);
  deliverToGroup(7, 9, 3, [2]);
  await vi.advanceTimersByTimeAsync(100);
  deliverToGroup(7, 9, 3, [1]);
  answer();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(away).toEqual(['7 1', '7 9']);
  expect(there).toEqual(Array.from({ length: 9 }, (_, i) => `7 ${i + 1}`));
});

test('a user who is removed while their rejoin is looked for gets nothing beyond a hole', async () => {
  vi.useFakeTimers();
  // They were away until 420, and are removed again after the first question.
  let questions = 0;
  findVisible = async (_userId, _groupId, ids) => (questions++ === 0 ? ids.filter((id) => id >= 420) : []);
  fetchRange = async (_conversation, first, last) => storedInGroup(7, first, last);
  const got = logIn(1);
  deliverToGroup(7, 229, 1);
  deliverToGroup(7, 447, 3);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(questions).toBeGreaterThan(1);
  expect(got).toEqual(['7 229']);
  deliveries.leave(1, 7, 4);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(got).toEqual(['7 229']);
});

test('a user removed since gets none of the messages before', async () => {
  vi.useFakeTimers();
  findVisible = async () => [];
  fetchRange = async (_conversation, first, last) => storedInGroup(7, first, last);
  const got = logIn(1);
  deliverToGroup(7, 1, 1);
  deliverToGroup(7, 3, 2);
  await vi.advanceTimersByTimeAsync(5_000);
  deliverToGroup(7, 4, 2);
  await vi.advanceTimersByTimeAsync(1_000);
  deliveries.leave(1, 7, 3);
  await vi.advanceTimersByTimeAsync(1_000);
  deliverToGroup(7, 9, 4);
  expect(got).toEqual(['7 1', '7 9']);
  expect(ended).toEqual([]);
});

test('a user removed from many groups gets none of their earlier messages', () => {
  const got = logIn(1);
  deliverToGroup(7, 1, 1);
  for (let groupId = 7; groupId < 107; groupId++) deliveries.leave(1, groupId, 4);
  // A removal that arrives late.
  deliveries.leave(1, 7, 2);
  deliverToGroup(7, 1, 1);
  deliverToGroup(7, 2, 3);
  expect(got).toEqual(['7 1']);
  // After rejoining, neither open messages before the first one nor repeated ones are for them.
  deliverToGroup(7, 4, 5, [1], { openFrom: 1 });
  deliverToGroup(7, 1, 1);
  deliverToGroup(7, 2, 3);
  expect(got).toEqual(['7 1']);
  deliverToGroup(8, 1, 5);
  expect(got).toEqual(['7 1', '8 1']);
});
