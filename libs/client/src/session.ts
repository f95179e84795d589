import { IM } from '@teamtalk/protocol';

/** A conversation: the other user, or the group. */
export type Session = { readonly user: number } | { readonly group: number };

/** The two fields that identify a session in most requests. */
export interface SessionFields {
  sessionType: IM.BaseDefine.SessionType;
  sessionId: number;
}

const { SESSION_TYPE_SINGLE, SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;

export function fieldsOf(session: Session): SessionFields {
  return 'group' in session
    ? { sessionType: SESSION_TYPE_GROUP, sessionId: session.group }
    : { sessionType: SESSION_TYPE_SINGLE, sessionId: session.user };
}

export function sessionOf({ sessionType, sessionId }: SessionFields): Session {
  return sessionType === SESSION_TYPE_GROUP ? { group: sessionId } : { user: sessionId };
}

/** A unique number for a session, as a map key: session ids have 32 bits. */
export function sessionKey(session: Session): number {
  const { sessionType, sessionId } = fieldsOf(session);
  return sessionType * 2 ** 32 + sessionId;
}
