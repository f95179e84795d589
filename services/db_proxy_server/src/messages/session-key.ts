import { IM } from '@teamtalk/protocol';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { SessionKey } from './messages.js';

const { SESSION_TYPE_SINGLE, SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;

/** @throws TeamTalkError `invalid-argument` for an unknown session type */
export function sessionKey(request: { userId: number; sessionType: number; sessionId: number }): SessionKey {
  const { userId, sessionType, sessionId } = request;
  if (sessionType !== SESSION_TYPE_SINGLE && sessionType !== SESSION_TYPE_GROUP) {
    throw new TeamTalkError('invalid-argument', `there is no session type ${sessionType}`);
  }
  return { userId, isGroup: sessionType === SESSION_TYPE_GROUP, sessionId };
}
