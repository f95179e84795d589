import type { teamtalk } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import type { Context } from '../../context.js';

const { SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;

/** DeliveryQuery: how far a conversation was delivered to users on this server. */
export function answerDeliveryQuery({ users }: Context) {
  return (query: teamtalk.bus.DeliveryQuery): teamtalk.bus.DeliveryPositions.$Properties => {
    const { sessionType, userId: one, sessionId, userIds } = query;
    const keyFor = (userId: number) => {
      if (sessionType === SESSION_TYPE_GROUP) return -sessionId;
      return userId === one ? sessionId : one;
    };
    return {
      positions: (userIds ?? []).flatMap((userId) => {
        const cursor = users.get(userId)?.conversations?.get(keyFor(userId));
        if (!cursor || cursor.closed) return [];
        return [
          {
            userId,
            lastMsgId: cursor.last,
            missingBefore: cursor.gap?.last ?? 0,
          },
        ];
      }),
    };
  };
}
