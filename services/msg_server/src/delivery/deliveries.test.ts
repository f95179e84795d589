import { createKit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Connection } from '../connection/connection.js';
import { LocalUsers } from '../connection/local-users.js';
import { MsgServerMetrics } from '../metrics.js';
import { Deliveries } from './deliveries.js';
import type { FetchRange } from './gap-repairs.js';
import { NoticeText } from './notice-text.js';
import { RecentTickets } from './recent-tickets.js';

let users: LocalUsers;
let deliveries: Deliveries;
/** Why connections were ended. */
let ended: string[];
/** The store's answer to a question for a range. */
let fetchRange: FetchRange;

beforeEach(() => {
  const { log, metrics } = createKit('msg_server', { logLevel: 'silent', shutdownMs: 1_000 });
  users = new LocalUsers();
  ended = [];
  fetchRange = () => Promise.reject(new Error('no store'));
  deliveries = new Deliveries({
    users,
    instance: 1,
    tickets: new RecentTickets(),
    fetchRange: (...range) => fetchRange(...range),
    findVisible: () => Promise.reject(new Error('no store')),
    noticeText: new NoticeText({ pc: false, mobile: false }),
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
    push: (pdu: Buffer) => got.push(pdu.toString()),
    end(reason: string) {
      if (users.remove(connection)) ended.push(reason);
    },
  } as unknown as Connection;
  users.add(connection);
  return got;
}

/** Delivers a message of user `peer` to user 1. */
function deliver(peer: number, msgId: number, text: string): void {
  const message = {
    msgId,
    pdu: Buffer.from(text),
    exceptConnection: 0,
    originInstance: 2,
    originTicket: 2,
    groupVersion: 0,
    openFrom: 0,
    takenAt: 0,
  };
  deliveries.deliver({ sessionType: 1, userId: peer, sessionId: 1 }, message, [1]);
}

test('numbers that are given again are new once all was forgotten', () => {
  const got = logIn(1);
  deliver(2, 1, 'a');
  deliver(2, 2, 'lost by the store');
  deliveries.forgetAll();
  deliver(2, 2, 'b');
  expect(got).toEqual(['a', 'lost by the store', 'b']);
  expect(ended).toEqual([]);
});

test('who has something held back when all is forgotten is disconnected', () => {
  const got = logIn(1);
  deliver(2, 1, 'a');
  deliver(2, 3, 'c');
  deliveries.forgetAll();
  expect(got).toEqual(['a']);
  expect(ended).toEqual(['resync']);
});

test('what the store lacks is given up alone, however much is held behind it', async () => {
  vi.useFakeTimers();
  const ids = Array.from({ length: 1_000 }, (_, i) => i + 1).filter((id) => id !== 2);
  fetchRange = async (_conversation, first, last) =>
    ids
      .filter((id) => id >= first && id <= last)
      .map((msgId) => ({ msgId, originInstance: 2, originTicket: 2, pdu: Buffer.from(`${msgId}`) }));
  const got = logIn(1);
  deliver(2, 1, '1');
  for (let id = 700; id <= 1_000; id++) deliver(2, id, `${id}`);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(got).toEqual(['1']);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(got.map(Number)).toEqual(ids);
  expect(ended).toEqual([]);
});

test('whose messages cannot be asked for in a minute is disconnected', async () => {
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
