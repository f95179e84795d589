import type { teamtalk } from '@teamtalk/bus';
import type { IM } from '@teamtalk/protocol';
import type { Context } from '../../context.js';

/** StatusChanges: users who came online or went offline on a PC. */
export function notifyStatus({ statusNotifications }: Context) {
  return ({ changes }: teamtalk.bus.StatusChanges.$Properties): void => {
    for (const { userId, status } of changes ?? []) {
      statusNotifications.add(userId ?? 0, (status ?? 0) as IM.BaseDefine.UserStatType);
    }
    statusNotifications.scheduleFlush();
  };
}
