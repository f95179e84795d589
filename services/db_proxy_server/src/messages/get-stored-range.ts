import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { encodeMessagePdu } from './message-pdu.js';
import { sessionKey } from './session-key.js';

/** Most messages in one reply; the caller requests the rest from where it ended. */
const maxMessages = 500;

/**
 * Consecutive messages of a conversation in delivery form, for a msg_server that has detected a gap. The reply ends early
 * rather than exceed its size limit.
 */
export function getStoredRange({
  messages,
}: Context): (request: teamtalk.db.StoredRangeRequest) => Promise<teamtalk.db.StoredRange.$Properties> {
  return async (request) => {
    const session = sessionKey(request);
    const rows = await messages.range(session, request.firstMsgId, request.lastMsgId, maxMessages);
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
  };
}
