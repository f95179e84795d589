import type { IM } from '@teamtalk/protocol';
import type { teamtalk } from '@teamtalk/rpc';
import type { Connection } from '../../connection/connection.js';
import type { NoticeDowngrade } from '../../delivery/notice-downgrade.js';
import { fitting } from './frame-limit.js';

/** Bytes of a list entry besides its data at most. */
const entryOverhead = 64;

const noData = new Uint8Array(0);

/** The store's messages as sent to this client: newest first, as many as fit into one frame. */
export function messageList(
  connection: Connection,
  noticeDowngrade: NoticeDowngrade,
  messages: readonly teamtalk.db.Message.$Properties[] | null | undefined,
): IM.BaseDefine.MsgInfo.$Properties[] {
  const list = (messages ?? []).map((message) => ({
    msgId: message.msgId ?? 0,
    fromSessionId: message.fromSessionId ?? 0,
    createTime: message.createTime ?? 0,
    msgType: noticeDowngrade.typeFor(connection, message.msgType ?? 0) as IM.BaseDefine.MsgType,
    msgData: message.msgData ?? noData,
  }));
  return fitting(connection, list, ({ msgData }) => msgData.length + entryOverhead);
}

/** A session's latest message, as returned by the store. */
interface Latest {
  latestMsgId?: number | null;
  latestMsgData?: Uint8Array | null;
  latestMsgType?: number | null;
  latestMsgFromUserId?: number | null;
}

/** The latest message of a session, as sent to this client. */
export function latestMessage(connection: Connection, noticeDowngrade: NoticeDowngrade, latest: Latest) {
  return {
    latestMsgId: latest.latestMsgId ?? 0,
    latestMsgData: latest.latestMsgData ?? noData,
    latestMsgType: noticeDowngrade.typeFor(connection, latest.latestMsgType ?? 0) as IM.BaseDefine.MsgType,
    latestMsgFromUserId: latest.latestMsgFromUserId ?? 0,
  };
}

/** The first sessions, as many as fit into one frame of this client. */
export function fittingSessions<T extends { latestMsgData: Uint8Array }>(
  connection: Connection,
  sessions: readonly T[],
): T[] {
  return fitting(connection, sessions, ({ latestMsgData }) => latestMsgData.length + entryOverhead);
}
