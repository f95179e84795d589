import type { teamtalk } from '@teamtalk/bus';
import { Commands, encodePdu, type IM } from '@teamtalk/protocol';
import type { Context } from '../context.js';

/**
 * StatusChanges: tells PC clients by 0x0203 who came and went. By default all of them; with presence
 * broadcast `queried` those that asked for the user's status (protocol notes, section 5).
 */
export function notifyStatus({ users, config }: Context) {
  return ({ changes }: teamtalk.bus.StatusChanges.$Properties): void => {
    if (!changes || changes.length === 0) return;
    const pdus = changes.map(({ userId, status }) => ({
      userId: userId ?? 0,
      pdu: statusPdu(userId, status),
    }));
    if (config.presenceBroadcast === 'all') {
      const together = Buffer.concat(pdus.map(({ pdu }) => pdu));
      for (const connection of users.pc) connection.push(together);
      return;
    }
    for (const connection of users.pc) {
      if (!connection.watchedUsers) continue;
      for (const { userId, pdu } of pdus) {
        if (connection.watchedUsers.has(userId)) connection.push(pdu);
      }
    }
  };
}

function statusPdu(userId = 0 as number | null, status = 0 as number | null): Buffer {
  return encodePdu(
    Commands.BuddyListStatusNotify,
    { userStat: { userId: userId ?? 0, status: status as IM.BaseDefine.UserStatType } },
    0,
  );
}
