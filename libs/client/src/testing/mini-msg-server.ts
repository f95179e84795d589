import { Commands, createTextCodec, DEFAULT_TEXT_KEY, type IM } from '@teamtalk/protocol';
import { type Peer, ScriptedServer } from './scripted-server.js';

/** The user every client of the mini server logs in as. */
export const ME = 7;

export const codec = createTextCodec(DEFAULT_TEXT_KEY);

export function userInfo(userId: number): IM.BaseDefine.UserInfo.$Properties {
  const nothing = { userGender: 1, avatarUrl: '', departmentId: 1, email: '', userTel: '', status: 0 };
  const name = `u${userId}`;
  return { userId, userNickName: name, userRealName: name, userDomain: name, ...nothing };
}

type Info = IM.BaseDefine.MsgInfo.$Properties;

const SERVER_TIME = 1_700_000_000;

/**
 * A minimal msg_server for one user (ME): login, one message log per peer, acks, idempotency keys, history, unread.
 * Delivers only when a test asks for it.
 */
export class MiniMsgServer {
  readonly scripted: ScriptedServer;
  /** Stored messages by the other user's id; index 0 is msg_id 1. */
  readonly logs = new Map<number, Info[]>();
  readonly #keys = new Map<string, number>();

  private constructor(scripted: ScriptedServer) {
    this.scripted = scripted;
    scripted.respond(Commands.LoginReqUserlogin, (peer, _, seqNum) => {
      const userInfoOfMe = userInfo(ME);
      peer.send(
        Commands.LoginResUserlogin,
        {
          serverTime: SERVER_TIME,
          resultCode: 0,
          resultString: 'ok',
          onlineStatus: 1,
          userInfo: userInfoOfMe,
        },
        seqNum,
      );
    });
    scripted.respond(Commands.OtherHeartbeat, (peer, _, seqNum) =>
      peer.send(Commands.OtherHeartbeat, {}, seqNum),
    );
    this.acknowledging();
    scripted.respond(Commands.MsgUnreadCntRequest, (peer, _, seqNum) => {
      const unreadinfoList = [...this.logs].map(([sessionId, log]) => {
        const latest = log.at(-1)!;
        return {
          sessionId,
          sessionType: 1,
          unreadCnt: log.length,
          latestMsgId: latest.msgId,
          latestMsgData: latest.msgData,
          latestMsgType: latest.msgType,
          latestMsgFromUserId: latest.fromSessionId,
        };
      });
      peer.send(Commands.MsgUnreadCntResponse, { userId: ME, totalCnt: 0, unreadinfoList }, seqNum);
    });
    scripted.respond(Commands.BuddyListRecentContactSessionRequest, (peer, _, seqNum) => {
      peer.send(
        Commands.BuddyListRecentContactSessionResponse,
        { userId: ME, contactSessionList: [] },
        seqNum,
      );
    });
    scripted.respond(Commands.MsgGetLatestMsgIdReq, (peer, { sessionId, sessionType }, seqNum) => {
      const latestMsgId = this.log(sessionId).length;
      peer.send(Commands.MsgGetLatestMsgIdRsp, { userId: ME, sessionType, sessionId, latestMsgId }, seqNum);
    });
    scripted.respond(
      Commands.MsgListRequest,
      (peer, { sessionId, sessionType, msgIdBegin, msgCnt }, seqNum) => {
        const msgList = this.log(sessionId)
          .filter((info) => msgIdBegin === 0 || info.msgId <= msgIdBegin)
          .slice(-msgCnt)
          .reverse();
        peer.send(
          Commands.MsgListResponse,
          { userId: ME, sessionType, sessionId, msgIdBegin, msgList },
          seqNum,
        );
      },
    );
  }

  static async start(): Promise<MiniMsgServer> {
    return new MiniMsgServer(await ScriptedServer.start());
  }

  /** Stores and acknowledges what clients send. This is the default; call it to restore it after `scripted.ignore`. */
  acknowledging(): void {
    this.scripted.respond(Commands.MsgData, (peer, message, seqNum) =>
      this.acknowledge(peer, message, seqNum),
    );
  }

  log(user: number): Info[] {
    let log = this.logs.get(user);
    if (!log) {
      log = [];
      this.logs.set(user, log);
    }
    return log;
  }

  /** Stores a message between ME and `user`, without delivering it. */
  store(user: number, from: number, msgData: Uint8Array, createTime = SERVER_TIME): Info {
    const log = this.log(user);
    const info = { msgId: log.length + 1, fromSessionId: from, createTime, msgType: 1, msgData };
    log.push(info);
    return info;
  }

  /** Like `store`, for `count` texts from `user` that contain their msg_id; returns their ids. */
  storeTexts(user: number, count: number, createTime = SERVER_TIME): number[] {
    return Array.from({ length: count }, () => {
      const text = String(this.log(user).length + 1);
      return this.store(user, user, codec.encrypt(text), createTime).msgId;
    });
  }

  /** Stores what a client sent, once per key, and returns its msg_id. */
  storeSent(message: IM.Message.IMMsgData.$Properties): number {
    const key = Buffer.from(message.attachData ?? []).toString('hex');
    const known = key === '' ? undefined : this.#keys.get(key);
    const msgId = known ?? this.store(message.toSessionId, ME, Buffer.from(message.msgData)).msgId;
    if (key !== '') this.#keys.set(key, msgId);
    return msgId;
  }

  acknowledge(peer: Peer, message: IM.Message.IMMsgData.$Properties, seqNum: number): void {
    const msgId = this.storeSent(message);
    peer.send(
      Commands.MsgDataAck,
      { userId: ME, sessionId: message.toSessionId, msgId, sessionType: 1 },
      seqNum,
    );
  }

  /** Delivers a stored message as 0x0301. */
  deliver(peer: Peer, user: number, msgId: number): void {
    const info = this.log(user)[msgId - 1]!;
    const { fromSessionId: fromUserId, createTime, msgType, msgData } = info;
    const toSessionId = fromUserId === ME ? user : ME;
    peer.send(Commands.MsgData, { fromUserId, toSessionId, msgId, createTime, msgType, msgData });
  }

  async stop(): Promise<void> {
    await this.scripted.stop();
  }
}
