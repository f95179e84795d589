import { createKit } from '@teamtalk/service-kit';
import { beforeEach, expect, test } from 'vitest';
import type { Connection } from '../connection/connection.js';
import { LocalUsers } from '../connection/local-users.js';
import { MsgServerMetrics } from '../metrics.js';
import { Deliveries } from './deliveries.js';
import { NoticeText } from './notice-text.js';
import { RecentTickets } from './recent-tickets.js';

let users: LocalUsers;
let deliveries: Deliveries;
/** Why connections were ended. */
let ended: string[];

beforeEach(() => {
  const { log, metrics } = createKit('msg_server', { logLevel: 'silent', shutdownMs: 1_000 });
  users = new LocalUsers();
  ended = [];
  deliveries = new Deliveries({
    users,
    instance: 1,
    tickets: new RecentTickets(),
    fetchRange: () => Promise.reject(new Error('no store')),
    findVisible: () => Promise.reject(new Error('no store')),
    noticeText: new NoticeText({ pc: false, mobile: false }),
    metrics: new MsgServerMetrics(metrics, []),
    log,
  });
  return () => deliveries.stop();
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
