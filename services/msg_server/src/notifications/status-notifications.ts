import { Commands, encodePdu, type IM } from '@teamtalk/protocol';
import type { MsgServerConfig } from '../config.js';
import type { LocalUsers } from '../delivery/local-users.js';

/**
 * Milliseconds between two flushes, per PC connection on this server: bounds the share of the process's time spent on
 * status notifications.
 */
const pausePerConnectionMs = 0.03;

type Status = IM.BaseDefine.UserStatType;

/**
 * Notifies PC clients by 0x0203 of users coming online and going offline: by default all clients; with presence
 * broadcast `queried` those that asked for the user's status (client-behaviour.md#status-notices). Since every change
 * may go to every client, changes are batched, keeping only the last of each user; the more clients, the less frequent
 * the flushes. A batch is encoded once and is one write per client.
 */
export class StatusNotifications {
  readonly #users: LocalUsers;
  readonly #broadcast: MsgServerConfig['presenceBroadcast'];
  /** At most one entry per user. */
  readonly #changed = new Map<number, Status>();
  #timer: NodeJS.Timeout | undefined;
  #lastFlush = Number.NEGATIVE_INFINITY;

  constructor(users: LocalUsers, broadcast: MsgServerConfig['presenceBroadcast']) {
    this.#users = users;
    this.#broadcast = broadcast;
  }

  add(userId: number, status: Status): void {
    this.#changed.delete(userId);
    this.#changed.set(userId, status);
  }

  /** Sends the added changes now, or once the last flush is long enough ago. */
  scheduleFlush(): void {
    if (this.#timer || this.#changed.size === 0) return;
    const waitMs = this.#lastFlush + this.#users.pc.size * pausePerConnectionMs - performance.now();
    if (waitMs > 0) this.#timer = setTimeout(() => this.#flush(), waitMs);
    else this.#flush();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #flush(): void {
    this.#timer = undefined;
    this.#lastFlush = performance.now();
    const pdus = [...this.#changed].map(([userId, status]) => ({ userId, pdu: statusPdu(userId, status) }));
    this.#changed.clear();
    if (this.#broadcast === 'all') {
      const together = Buffer.concat(pdus.map(({ pdu }) => pdu));
      for (const connection of this.#users.pc) connection.push(together);
      return;
    }
    for (const connection of this.#users.pc) {
      if (!connection.watchedUsers) continue;
      for (const { userId, pdu } of pdus) {
        if (connection.watchedUsers.has(userId)) connection.push(pdu);
      }
    }
  }
}

function statusPdu(userId: number, status: Status): Buffer {
  return encodePdu(Commands.BuddyListStatusNotify, { userStat: { userId, status } }, 0);
}
