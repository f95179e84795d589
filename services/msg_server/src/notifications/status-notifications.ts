import { Commands, encodePdu, type IM } from '@teamtalk/protocol';
import type { MsgServerConfig } from '../config.js';
import type { LocalUsers } from '../delivery/local-users.js';

/**
 * Milliseconds between two rounds for each PC connection here: a write to a socket takes about 5
 * microseconds, so that telling takes a sixth of this process's time at most.
 */
const pausePerConnectionMs = 0.03;

type Status = IM.BaseDefine.UserStatType;

/**
 * Tells PC clients by 0x0203 who came and went: by default all of them; with presence broadcast `queried`
 * those that asked for the user's status (client-behaviour.md#status-notices). Every client hears of every change, so
 * that a thousand logins at once would be a million writes. Therefore changes are gathered, of a user only
 * the last one, and leave in rounds: the more clients, the rarer the rounds. A round is encoded once, and is one
 * write to each client.
 */
export class StatusNotifications {
  readonly #users: LocalUsers;
  readonly #broadcast: MsgServerConfig['presenceBroadcast'];
  /** At most one for each user there is. */
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

  /** What has been added is told now, or when the last round is long enough ago. */
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
