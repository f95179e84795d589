import type { IM, Session } from '@teamtalk/client';
import { keyOf, type SessionKey, sessionOf } from './session.js';

/** A row of the list of conversations. */
export interface Conversation {
  readonly key: SessionKey;
  readonly session: Session;
  /** The newest message as plain text with image marks; empty if unknown. */
  readonly text: string;
  /** The sender of the newest message; 0 if unknown. */
  readonly from: number;
  /** The id of the newest message. */
  readonly lastId: number;
  /** The time of the newest message, unix seconds. */
  readonly time: number;
  readonly unread: number;
}

export function emptyConversation(session: Session, time: number): Conversation {
  return { key: keyOf(session), session, text: '', from: 0, lastId: 0, time, unread: 0 };
}

/** Combines the server's two lists: the sessions, and their unread counts. */
export function conversationsOf(
  recent: readonly IM.BaseDefine.ContactSessionInfo.$Properties[],
  unread: readonly IM.BaseDefine.UnreadInfo.$Properties[],
  decrypt: (data: Uint8Array) => string,
): Conversation[] {
  const counts = new Map(unread.map((info) => [keyOf(sessionOf(info)), info.unreadCnt]));
  const listed = new Set(recent.map((info) => keyOf(sessionOf(info))));
  // The list of sessions has only the newest hundred.
  const older = unread.filter((info) => !listed.has(keyOf(sessionOf(info))));
  return [...recent, ...older.map((info) => ({ ...info, updatedTime: 0 }))].map((info) => {
    const session = sessionOf(info);
    const key = keyOf(session);
    return {
      key,
      session,
      text: decrypt(info.latestMsgData),
      from: info.latestMsgFromUserId,
      lastId: info.latestMsgId,
      time: info.updatedTime,
      unread: counts.get(key) ?? 0,
    };
  });
}

/** Merges the server's lists with the messages that arrived while they were loading. @returns them newest first */
export function merged(
  known: ReadonlyMap<SessionKey, Conversation>,
  listed: readonly Conversation[],
): ReadonlyMap<SessionKey, Conversation> {
  const all = new Map(known);
  for (const conversation of listed) {
    const here = all.get(conversation.key);
    if (!here || here.lastId <= conversation.lastId) all.set(conversation.key, conversation);
  }
  return new Map([...all].sort(([, a], [, b]) => b.time - a.time));
}

/** Adds or replaces one conversation. @param known newest first: only this one moves, and only if its time changes */
export function placed(
  known: ReadonlyMap<SessionKey, Conversation>,
  conversation: Conversation,
): ReadonlyMap<SessionKey, Conversation> {
  const { key, time } = conversation;
  if (known.get(key)?.time === time) return new Map(known).set(key, conversation);
  const all = new Map<SessionKey, Conversation>();
  for (const other of known.values()) {
    if (other.key === key) continue;
    if (other.time <= time) all.set(key, conversation);
    all.set(other.key, other);
  }
  // Does not move it if it is already there.
  return all.set(key, conversation);
}

/** Adds one message to a conversation. @param isRead whether it is the user's own, or on the screen */
export function withMessage(
  conversation: Conversation,
  message: { id: number; from: number; time: number; text: string },
  isRead: boolean,
): Conversation {
  // The server's lists already included and counted it.
  if (message.id <= conversation.lastId) return conversation;
  return {
    ...conversation,
    text: message.text,
    from: message.from,
    lastId: message.id,
    time: Math.max(message.time, conversation.time),
    unread: isRead ? conversation.unread : conversation.unread + 1,
  };
}
