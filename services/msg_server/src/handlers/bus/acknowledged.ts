import type { teamtalk } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import type { Context } from '../../context.js';

const { SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;

/** AcknowledgedQuery: the ids up to which phones on this server have acknowledged messages, per conversation. */
export function answerAcknowledged({ users }: Pick<Context, 'users'>) {
  return (query: teamtalk.bus.AcknowledgedQuery): teamtalk.bus.Acknowledged.$Properties => ({
    msgIds: (query.conversations as teamtalk.bus.UserConversation[]).map(
      ({ userId, sessionType, sessionId }) => {
        const key = sessionType === SESSION_TYPE_GROUP ? -sessionId : sessionId;
        return users.get(userId)?.conversations?.get(key)?.acknowledged ?? 0;
      },
    ),
  });
}
