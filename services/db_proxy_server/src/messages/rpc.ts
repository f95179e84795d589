import { IM } from '@teamtalk/protocol';
import type { Handlers, messages as service, teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { encodeMessagePdu } from './message-pdu.js';
import type { MessageRow } from './messages.js';
import { sessionKey } from './session-key.js';

const { SESSION_STATUS_OK } = IM.BaseDefine.SessionStatusType;

/**
 * Most messages in one reply. Only a safety limit: clients request all unread messages at once, and replies are bounded
 * by bytes (client-behaviour.md#history).
 */
const maxMessages = 10_000;
const fromNewest = 0xffff_ffff;
/** Most ids in one request (client-behaviour.md#messages-by-id). */
const maxIds = 100;
/** Most messages in one reply to a msg_server; it requests the rest from where it ended. */
const maxStored = 500;

/** The gRPC service Messages without its streams, which are in append/. */
export function messagesRpc({
  audioPreview,
  messages,
  sessions,
}: Context): Omit<Handlers<typeof service>, 'append' | 'markRead'> {
  return {
    /** A page of a conversation's history (0x0309; client-behaviour.md#history). Empty for users who may not read it. */
    async getHistory(request) {
      const begin = request.msgIdBegin === 0 ? fromNewest : request.msgIdBegin;
      const count = Math.min(request.msgCnt, maxMessages);
      return toMessageList(await messages.history(sessionKey(request), begin, count, request.maxBytes));
    },

    /**
     * Messages of a conversation by id (0x030d; client-behaviour.md#messages-by-id). Only the first 100 ids count; messages
     * that do not exist or that the user may not see are left out.
     */
    async getMessages(request) {
      return toMessageList(await messages.byIds(sessionKey(request), request.msgIds.slice(0, maxIds)));
    },

    /** The newest message's id in a conversation (0x030b); 0 when the user may see none. */
    async getLatestMessageId(request) {
      return { msgId: await messages.latestId(sessionKey(request)) };
    },

    /** The conversations in which a user has unread messages (0x0307; client-behaviour.md#unread-counts). */
    async getUnread({ userId }) {
      const rows = await sessions.unread(userId);
      return {
        totalCnt: rows.reduce((total, { unread }) => total + unread, 0),
        unread: rows.map((row) => ({
          sessionId: row.session_id,
          sessionType: row.session_type,
          unreadCnt: row.unread,
          latestMsgId: row.last_id,
          latestMsgData: row.data ?? audioPreview,
          latestMsgType: row.type,
          latestMsgFromUserId: row.from_id,
        })),
      };
    },

    /** A user's newest conversations (0x0201; client-behaviour.md#recent-sessions). */
    async getRecentSessions({ userId, updatedAfter }) {
      const rows = await sessions.recent(userId, updatedAfter);
      return {
        sessions: rows.map((row) => ({
          sessionId: row.session_id,
          sessionType: row.session_type,
          sessionStatus: SESSION_STATUS_OK,
          updatedTime: row.updated_time,
          latestMsgId: row.last_id,
          latestMsgData: row.data ?? audioPreview,
          latestMsgType: row.type,
          latestMsgFromUserId: row.from_id,
        })),
      };
    },

    /**
     * Removes a session and its unread count from a user's list until a later message (0x0206;
     * client-behaviour.md#recent-sessions). Succeeds also when it was already removed; fails without such a conversation.
     */
    async removeSession(request) {
      return { done: await sessions.remove(sessionKey(request)) };
    },

    /**
     * Consecutive messages of a conversation in delivery form, for a msg_server that has detected a gap. The reply ends
     * early rather than exceed its size limit.
     */
    async getStoredRange(request) {
      const session = sessionKey(request);
      const rows = await messages.range(session, request.firstMsgId, request.lastMsgId, maxStored);
      const { userId, sessionId, isGroup } = session;
      return {
        messages: rows.map((row) => ({
          msgId: row.id,
          originInstance: row.origin_instance,
          originRequestId: row.origin_request_id,
          pdu: encodeMessagePdu({
            fromUserId: row.from_id,
            // The recipient of a pair's message is the user who did not send it.
            toSessionId: isGroup || row.from_id !== sessionId ? sessionId : userId,
            msgId: row.id,
            createTime: row.create_time,
            msgType: row.type,
            msgData: row.data,
          }),
        })),
      };
    },
  };
}

function toMessageList(rows: readonly MessageRow[]): teamtalk.db.MessageList.$Properties {
  return {
    messages: rows.map(({ id, from_id, create_time, type, data }) => ({
      msgId: id,
      fromSessionId: from_id,
      createTime: create_time,
      msgType: type,
      msgData: data,
    })),
  };
}
