import { Commands, decodeBody, IM, PduDecoder } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../connection/connection.js';
import { LocalUsers } from '../delivery/local-users.js';
import { StatusNotifications } from './status-notifications.js';

const { USER_STATUS_ONLINE: on, USER_STATUS_OFFLINE: off } = IM.BaseDefine.UserStatType;

/** What one client is written, each write as the user ids and statuses in it. */
class Client {
  readonly writes: [number, number][][] = [];
  readonly isMobile = false;
  readonly remoteAddress = '';
  watchedUsers: Set<number> | undefined;

  constructor(readonly userId: number) {}

  push(bytes: Buffer): void {
    const decoder = new PduDecoder(1_000_000);
    decoder.push(bytes);
    const statuses: [number, number][] = [];
    for (let pdu = decoder.next(); pdu; pdu = decoder.next()) {
      const { userStat } = decodeBody(Commands.BuddyListStatusNotify, pdu.body);
      statuses.push([userStat.userId, userStat.status]);
    }
    this.writes.push(statuses);
  }
}

let users: LocalUsers;
let clients: Client[];

beforeEach(() => {
  vi.useFakeTimers();
  users = new LocalUsers();
  clients = Array.from({ length: 1_000 }, (_, i) => new Client(i + 1));
  for (const client of clients) users.add(client as unknown as Connection);
});
afterEach(() => vi.useRealTimers());

describe('StatusNotifications', () => {
  it('flushes at once after a pause, then batches the last change of each user into one write', () => {
    const notifications = new StatusNotifications(users, 'all');
    notifications.add(7, on);
    notifications.scheduleFlush();
    for (const [userId, status] of [
      [8, on],
      [9, on],
      [8, off],
    ] as const) {
      notifications.add(userId, status);
      notifications.scheduleFlush();
    }
    expect(clients[0]!.writes).toEqual([[[7, on]]]);
    vi.advanceTimersByTime(1_000);
    for (const { writes } of clients) {
      expect(writes).toEqual([
        [[7, on]],
        [
          [9, on],
          [8, off],
        ],
      ]);
    }
    notifications.stop();
  });

  it('notifies only clients that asked, where so configured', () => {
    const notifications = new StatusNotifications(users, 'queried');
    clients[3]!.watchedUsers = new Set([8]);
    notifications.add(7, on);
    notifications.add(8, on);
    notifications.scheduleFlush();
    expect(clients.flatMap(({ writes }) => writes)).toEqual([[[8, on]]]);
    notifications.stop();
  });
});
