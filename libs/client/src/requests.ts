import { type Command, Commands, type IM, type Pdu } from '@teamtalk/protocol';
import { type ClientError, type Kicked, requireDone } from './errors.js';
import type { FileOffer } from './files/offer.js';
import type { Message } from './message.js';
import { EventEmitter } from './platform/emitter.js';
import type { Requester } from './requester.js';
import { fieldsOf, type Session, sessionKey, sessionOf } from './session.js';

/** The events of a client. */
export interface ClientEvents {
  /** A message to the user, or from another of their connections. Once, and in order within its session. */
  message: [Message];
  /** The server ended this session; the client is closed. */
  kicked: [Kicked];
  /** 0x0203: a user's PC came online (1) or went offline (2). */
  status: [{ userId: number; status: IM.BaseDefine.UserStatType }];
  /** 0x0304: the user has read this session up to `msgId` on another of their connections. */
  read: [{ session: Session; msgId: number }];
  /** 0x0508: somebody offers a file to the user's PC, or has stored one for them; see `receiveFile`. */
  file: [FileOffer];
  /** 0x040b: somebody added members to one of the user's groups, or removed some. */
  group: [GroupChange];
  /** 0x0215: a user has a new signature. */
  signature: [{ userId: number; text: string }];
  /** 0x0212: a user has a new picture. */
  avatar: [{ userId: number; url: string }];
  /** 0x020f: the user removed a session from the list on another connection. */
  sessionRemoved: [{ session: Session }];
  /** 0x020e: for logins as iOS or Android, whether the user's PC is online. */
  pc: [{ isOnline: boolean }];
  /** 0x0601: a command from another client, or from another connection of the user; see `sendCommand`. */
  command: [{ fromUserId: number; toUserId: number; data: string }];
  /** The connection ended, other than by `close`. */
  disconnected: [{ error: ClientError; reconnecting: boolean }];
  /** Logged in again; missed messages follow as `message` events. */
  reconnected: [];
  /** Every received PDU, responses included, before it is handled. */
  pdu: [Pdu];
}

/** A change of a group's members. */
export interface GroupChange {
  groupId: number;
  /** Who made it. */
  byUserId: number;
  change: 'added' | 'removed';
  userIds: number[];
  /** The resulting members. */
  memberIds: number[];
}

/** The range of `history`. */
export interface HistoryPage {
  /** Newest id to return; 0 (the default): the newest message. */
  begin?: number;
  /** Maximum number of messages (default 100); servers return what fits into a few MiB. */
  count?: number;
}

/**
 * The requests of a logged-in client. Every call fails with DeadlineExceeded when no response arrives in time, and with
 * ClientError `disconnected` when the connection breaks first; none is retried.
 */
export abstract class Requests extends EventEmitter<ClientEvents> implements Requester {
  /** @throws ClientError `not-logged-in` */
  abstract get userId(): number;

  /** Sends a request and returns the response, matched by its sequence number. */
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

  /** Sessions with unread messages, and their total (0x0307). */
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

  /** Sessions changed since unix second `since`, newest first, at most 100 (0x0201). */
  async recentSessions(since = 0): Promise<IM.BaseDefine.ContactSessionInfo.$Properties[]> {
    const { contactSessionList } = await this.request(
      Commands.BuddyListRecentContactSessionRequest,
      Commands.BuddyListRecentContactSessionResponse,
      { userId: this.userId, latestUpdateTime: since },
    );
    return contactSessionList ?? [];
  }

  /** The sessions that may have new messages since unix second `since`. */
  async changedSessions(since: number): Promise<Session[]> {
    const [unread, recent] = await Promise.all([this.unread(), this.recentSessions(since)]);
    const sessions = [...unread.sessions, ...recent].map(sessionOf);
    return [...new Map(sessions.map((session) => [sessionKey(session), session])).values()];
  }

  /**
   * Users changed since `since`, 0 for all active ones (0x0208); pass `latestUpdateTime` as the next `since`. A login as
   * Android gets a long list in several PDUs, of which this returns the first.
   */
  async users(since = 0): Promise<{ users: IM.BaseDefine.UserInfo.$Properties[]; latestUpdateTime: number }> {
    const { userList, latestUpdateTime } = await this.request(
      Commands.BuddyListAllUserRequest,
      Commands.BuddyListAllUserResponse,
      { userId: this.userId, latestUpdateTime: since },
    );
    return { users: userList ?? [], latestUpdateTime };
  }

  /** Details of the given users; unknown ones are left out (0x0204). */
  async usersInfo(
    userIds: number[],
    options: { deadlineMs?: number } = {},
  ): Promise<IM.BaseDefine.UserInfo.$Properties[]> {
    const { userInfoList } = await this.request(
      Commands.BuddyListUserInfoRequest,
      Commands.BuddyListUserInfoResponse,
      { userId: this.userId, userIdList: userIds },
      options,
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

  /** Departments changed since `since`, 0 for all that exist (0x0210); pass `latestUpdateTime` as the next `since`. */
  async departments(
    since = 0,
  ): Promise<{ departments: IM.BaseDefine.DepartInfo.$Properties[]; latestUpdateTime: number }> {
    const { deptList, latestUpdateTime } = await this.request(
      Commands.BuddyListDepartmentRequest,
      Commands.BuddyListDepartmentResponse,
      { userId: this.userId, latestUpdateTime: since },
    );
    return { departments: deptList ?? [], latestUpdateTime };
  }

  /** Removes a session and its unread messages from the recent ones (0x0206). @throws Refused when there is none */
  async removeSession(session: Session): Promise<void> {
    const { resultCode } = await this.request(
      Commands.BuddyListRemoveSessionReq,
      Commands.BuddyListRemoveSessionRes,
      { userId: this.userId, ...fieldsOf(session) },
    );
    requireDone('removing the session', resultCode);
  }
}
