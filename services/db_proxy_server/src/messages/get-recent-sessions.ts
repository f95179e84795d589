import { IM } from '@teamtalk/protocol';
import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';

const { SESSION_STATUS_OK } = IM.BaseDefine.SessionStatusType;

/** A user's newest conversations (0x0201; client-behaviour.md#recent-sessions). */
export function getRecentSessions({
  sessions,
  audioPreview,
}: Context): (request: teamtalk.db.RecentSessionsRequest) => Promise<teamtalk.db.SessionList.$Properties> {
  return async ({ userId, updatedAfter }) => {
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
  };
}
