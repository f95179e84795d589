import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';

/** The conversations in which a user has unread messages (0x0307; client-behaviour.md#unread-counts). */
export function getUnread({
  sessions,
  audioPreview,
}: Context): (request: teamtalk.db.UserRequest) => Promise<teamtalk.db.UnreadList.$Properties> {
  return async ({ userId }) => {
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
  };
}
