import type { teamtalk } from '@teamtalk/bus';
import type { IM } from '@teamtalk/protocol';
import type { Context } from '../../context.js';

/** StatusChanges: who came to a PC, and who left his. */
export function notifyStatus({ statusNotices }: Context) {
  return ({ changes }: teamtalk.bus.StatusChanges.$Properties): void => {
    for (const { userId, status } of changes ?? []) {
      statusNotices.add(userId ?? 0, (status ?? 0) as IM.BaseDefine.UserStatType);
    }
    statusNotices.tell();
  };
}
