import { teamtalk } from '@teamtalk/bus';
import { asBuffer } from '../../bytes.js';
import type { Context } from '../../context.js';

const { PC, MOBILE } = teamtalk.bus.ClientClass;

/** NotifyUsers: writes a PDU to the connections of some users, of one client class or both. */
export function notifyUsers({ users, kit }: Context) {
  return (notify: teamtalk.bus.NotifyUsers.$Properties): void => {
    const pdu = asBuffer(notify.pdu);
    const except = notify.exceptInstance === kit.instance ? notify.exceptConnection : 0;
    for (const userId of notify.userIds ?? []) {
      for (const connection of users.connectionsOf(userId)) {
        if (connection.id === except) continue;
        if (notify.clientClass === PC && connection.isMobile) continue;
        if (notify.clientClass === MOBILE && !connection.isMobile) continue;
        connection.push(pdu);
      }
    }
  };
}
