import { EventEmitter } from 'node:events';
import { type Command, Commands, type IM, type Pdu } from '@teamtalk/protocol';
import type { ClientError, Kicked } from './errors.js';
import type { FileOffer } from './files/offer.js';
import type { Message } from './message.js';
import { fieldsOf, type Session, sessionKey, sessionOf } from './session.js';

/** What a client tells as it happens. */
export interface ClientEvents {
  /** A message to the user, or from another of his connections. In order and once in each session. */
  message: [Message];
  /** The server ended this session; the client is closed. */
  kicked: [Kicked];
  /** 0x0203: a user's PC came online (1) or went offline (2). */
  status: [{ userId: number; status: IM.BaseDefine.UserStatType }];
  /** 0x0304: the user has read this session up to `msgId` on another of his connections. */
  read: [{ session: Session; msgId: number }];
  /** 0x0508: somebody offers a file to the user's PC, or has left one for him; see `receiveFile`. */
  file: [FileOffer];
  /** The connection ended, for whatever reason but `close`. */
  disconnected: [{ error: ClientError; reconnecting: boolean }];
  /** Logged in again; what was missed meanwhile comes as messages. */
  reconnected: [];
  /** Every PDU that arrives, answers included, before it is handled. */
  pdu: [Pdu];
}

/** How far back `history` looks. */
export interface HistoryPage {
  /** The newest id wanted; 0 (the default): from the newest message. */
  begin?: number;
  /** Messages at most (default: 100); servers give what fits into a few MiB. */
  count?: number;
}

/**
 * What a logged-in client can ask. Every call fails with DeadlineExceeded when no answer comes in time, and
 * with ClientError `disconnected` when the connection breaks before; none is repeated by itself.
 */
export abstract class Requests extends EventEmitter<ClientEvents> {
  /** @throws ClientError `not-logged-in` */
  abstract get userId(): number;

  /** Sends a request and gives the answer, matched by its sequence number. */
  abstract request<P extends object, M extends object>(
    command: Command<object, P>,
    answer: Command<M, never>,
    message: NoInfer<P>,
    options?: { deadlineMs?: number },
  ): Promise<M>;

  protected abstract messageOf(session: Session, info: IM.BaseDefine.MsgInfo.$Properties): Message;

  /** The server's clock, unix seconds (0x0305). */
  async serverTime(): Promise<number> {
    const { serverTime } = await this.request(Commands.MsgTimeRequest, Commands.MsgTimeResponse, {});
    return serverTime;
  }

  /** Sessions with unread messages, and the sum (0x0307). */
  async unread(): Promise<{ total: number; sessions: IM.BaseDefine.UnreadInfo.$Properties[] }> {
    const { totalCnt, unreadinfoList } = await this.request(
      Commands.MsgUnreadCntRequest,
      Commands.MsgUnreadCntResponse,
      { userId: this.userId },
    );
    return { total: totalCnt, sessions: unreadinfoList ?? [] };
  }

  /** Messages of a session, newest first (0x0309). */
  async history(session: Session, { begin = 0, count = 100 }: HistoryPage = {}): Promise<Message[]> {
    const { msgList } = await this.request(Commands.MsgListRequest, Commands.MsgListResponse, {
      userId: this.userId,
      ...fieldsOf(session),
      msgIdBegin: begin,
      msgCnt: count,
    });
    return (msgList ?? []).map((info) => this.messageOf(session, info));
  }

  /** The id of a session's newest message; 0 when there is none (0x030b). */
  async latestMessageId(session: Session): Promise<number> {
    const { latestMsgId } = await this.request(Commands.MsgGetLatestMsgIdReq, Commands.MsgGetLatestMsgIdRsp, {
      userId: this.userId,
      ...fieldsOf(session),
    });
    return latestMsgId;
  }

  /** Messages by their ids, at most 100 (0x030d). */
  async messagesById(session: Session, msgIds: number[]): Promise<Message[]> {
    const { msgList } = await this.request(Commands.MsgGetByMsgIdReq, Commands.MsgGetByMsgIdRes, {
      userId: this.userId,
      ...fieldsOf(session),
      msgIdList: msgIds,
    });
    return (msgList ?? []).map((info) => this.messageOf(session, info));
  }

  /** Sessions with news since unix second `since`, newest first, at most 100 (0x0201). */
  async recentSessions(since = 0): Promise<IM.BaseDefine.ContactSessionInfo.$Properties[]> {
    const { contactSessionList } = await this.request(
      Commands.BuddyListRecentContactSessionRequest,
      Commands.BuddyListRecentContactSessionResponse,
      { userId: this.userId, latestUpdateTime: since },
    );
    return contactSessionList ?? [];
  }

  /** The sessions something may have happened in since unix second `since`. */
  async changedSessions(since: number): Promise<Session[]> {
    const [unread, recent] = await Promise.all([this.unread(), this.recentSessions(since)]);
    const sessions = [...unread.sessions, ...recent].map(sessionOf);
    return [...new Map(sessions.map((session) => [sessionKey(session), session])).values()];
  }

  /**
   * Users changed since `since`, 0 for all who have not left (0x0208); `latestUpdateTime` is what to ask
   * with next time. A login as Android gets a long list in several PDUs, of which this gives the first.
   */
  async users(since = 0): Promise<{ users: IM.BaseDefine.UserInfo.$Properties[]; latestUpdateTime: number }> {
    const { userList, latestUpdateTime } = await this.request(
      Commands.BuddyListAllUserRequest,
      Commands.BuddyListAllUserResponse,
      { userId: this.userId, latestUpdateTime: since },
    );
    return { users: userList ?? [], latestUpdateTime };
  }

  /** Infos of the given users; those that do not exist are left out (0x0204). */
  async usersInfo(userIds: number[]): Promise<IM.BaseDefine.UserInfo.$Properties[]> {
    const { userInfoList } = await this.request(
      Commands.BuddyListUserInfoRequest,
      Commands.BuddyListUserInfoResponse,
      { userId: this.userId, userIdList: userIds },
    );
    return userInfoList ?? [];
  }

  /** Whether the given users' PCs are online (1) or not (2) (0x020a). */
  async usersStatus(userIds: number[]): Promise<IM.BaseDefine.UserStat.$Properties[]> {
    const { userStatList } = await this.request(
      Commands.BuddyListUsersStatusRequest,
      Commands.BuddyListUsersStatusResponse,
      { userId: this.userId, userIdList: userIds },
    );
    return userStatList ?? [];
  }
}
