import type { Session } from '@teamtalk/client';

/** Identifies a conversation in maps and in the page's URL. */
export type SessionKey = `u${number}` | `g${number}`;

export function keyOf(session: Session): SessionKey {
  return 'group' in session ? `g${session.group}` : `u${session.user}`;
}

export function sessionOfKey(key: string): Session | undefined {
  const match = /^([ug])([1-9]\d{0,9})$/.exec(key);
  if (!match) return undefined;
  return match[1] === 'g' ? { group: Number(match[2]) } : { user: Number(match[2]) };
}

/** Converts the protocol's session fields. */
export function sessionOf(info: { sessionType: number; sessionId: number }): Session {
  return info.sessionType === 2 ? { group: info.sessionId } : { user: info.sessionId };
}
