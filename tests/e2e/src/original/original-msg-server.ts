import type { Socket } from 'node:net';
import {
  Commands as C,
  type Command,
  decodeBody,
  encodePdu,
  encodeRawPdu,
  IM,
  isGroupMessageType,
  isMobileClient,
  type Pdu,
  sessionTypeOf,
} from '@teamtalk/protocol';
import type { OriginalFileServer } from './original-file-server.js';
import { isPc, now, type OriginalStore } from './original-store.js';

const { GROUP_TYPE_NORMAL, GROUP_TYPE_TMP } = IM.BaseDefine.GroupType;
const { GROUP_MODIFY_TYPE_ADD } = IM.BaseDefine.GroupModifyType;
const { FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;

/** A client's connection to an original msg_server. */
export class OriginalConnection {
  /** 0 before the login */
  userId = 0;
  clientType = 0;
  kicked = false;

  constructor(readonly socket: Socket) {}

  send<P extends object>(command: Command<object, P>, body: NoInfer<P>, seqNum = 0): void {
    if (!this.socket.destroyed) this.socket.write(encodePdu(command, body, seqNum));
  }

  sendRaw(commandId: number, body: Uint8Array, seqNum = 0): void {
    if (!this.socket.destroyed) this.socket.write(encodeRawPdu(commandId, body, seqNum));
  }
}

type Handler = (connection: OriginalConnection, pdu: Pdu) => void;

/**
 * Simulates all msg_servers of an original, including its differences and defects
 * (client-behaviour.md#differences-of-the-original). They share one presence table, so that nothing is lost between them.
 */
export class OriginalMsgServer {
  readonly #store: OriginalStore;
  readonly #files: OriginalFileServer;
  readonly #connections = new Set<OriginalConnection>();
  readonly #handlers = new Map<number, Handler>();
  /** Logins still to be refused, as when db_proxy_server is down. */
  refusals = 0;

  constructor(store: OriginalStore, files: OriginalFileServer) {
    this.#store = store;
    this.#files = files;
    this.#loginHandlers();
    this.#buddyHandlers();
    this.#messageHandlers();
    this.#groupHandlers();
    this.#fileHandlers();
  }

  add(socket: Socket): OriginalConnection {
    const connection = new OriginalConnection(socket);
    this.#connections.add(connection);
    return connection;
  }

  remove(connection: OriginalConnection): void {
    this.#connections.delete(connection);
    this.#presenceChanged(connection, false);
  }

  /** Handles a PDU in every state, even before login and after a kick; ignores an invalid one. */
  handle(connection: OriginalConnection, pdu: Pdu): void {
    this.#handlers.get(pdu.commandId)?.(connection, pdu);
  }

  /** Sends to the connections of some users. */
  broadcast(
    userIds: Iterable<number>,
    send: (connection: OriginalConnection) => void,
    except?: OriginalConnection,
  ): void {
    const to = new Set(userIds);
    for (const connection of this.#connections) {
      if (connection !== except && !connection.kicked && connection.userId > 0 && to.has(connection.userId))
        send(connection);
    }
  }

  everybody(): number[] {
    return [...this.#store.users.keys()];
  }

  #on<M extends object>(
    command: Command<M, never>,
    handle: (connection: OriginalConnection, message: M, pdu: Pdu) => void,
  ): void {
    this.#handlers.set(command.id, (connection, pdu) => {
      let message: M;
      try {
        message = decodeBody(command, pdu.body);
      } catch {
        return;
      }
      handle(connection, message, pdu);
    });
  }

  #hasPc(userId: number, except?: OriginalConnection): boolean {
    return [...this.#connections].some(
      (each) => each !== except && each.userId === userId && isPc(each.clientType) && !each.kicked,
    );
  }

  #presenceChanged(connection: OriginalConnection, came: boolean): void {
    const { userId, clientType } = connection;
    if (userId === 0 || connection.kicked || !isPc(clientType) || this.#hasPc(userId, connection)) return;
    const status = came
      ? IM.BaseDefine.UserStatType.USER_STATUS_ONLINE
      : IM.BaseDefine.UserStatType.USER_STATUS_OFFLINE;
    for (const each of this.#connections) {
      if (each === connection || each.userId === 0) continue;
      if (isPc(each.clientType)) each.send(C.BuddyListStatusNotify, { userStat: { userId, status } });
      else if (each.userId === userId)
        each.send(C.BuddyListPcLoginStatusNotify, { userId, loginStat: status });
    }
  }

  #kick(
    userId: number,
    like: (clientType: number) => boolean,
    kickReason: 1 | 2,
    except: OriginalConnection,
  ): void {
    for (const each of this.#connections) {
      if (each === except || each.userId !== userId || each.kicked || !like(each.clientType)) continue;
      each.send(C.LoginKickUser, { userId, kickReason });
      // The connection is the client's to close.
      each.kicked = true;
    }
  }

  #loginHandlers(): void {
    this.#on(
      C.LoginReqUserlogin,
      (connection, { userName, password, clientType, onlineStatus }, { seqNum }) => {
        if (connection.userId > 0) return;
        if (this.refusals > 0) {
          this.refusals--;
          const refusal = { serverTime: now(), resultCode: 3, resultString: '服务端异常' } as const;
          connection.send(C.LoginResUserlogin, refusal, seqNum);
          return;
        }
        const user = [...this.#store.users.values()].find(({ name }) => name === userName);
        if (user?.passwordMd5 !== password) {
          const refusal = { serverTime: now(), resultCode: 6, resultString: '用户名/密码错误' } as const;
          connection.send(C.LoginResUserlogin, refusal, seqNum);
          connection.socket.end();
          return;
        }
        connection.userId = user.id;
        connection.clientType = clientType;
        const pcCame = isPc(clientType) && !this.#hasPc(user.id, connection);
        this.#kick(user.id, (type) => isMobileClient(type) === isMobileClient(clientType), 1, connection);
        connection.send(
          C.LoginResUserlogin,
          {
            serverTime: now(),
            resultCode: 0,
            resultString: '成功',
            onlineStatus,
            userInfo: this.#store.infoOf(user),
          },
          seqNum,
        );
        if (pcCame) this.#presenceChanged(connection, true);
        if (isMobileClient(clientType) && this.#hasPc(user.id)) {
          connection.send(C.BuddyListPcLoginStatusNotify, { userId: user.id, loginStat: 1 });
        }
      },
    );
    this.#on(C.LoginReqLoginout, (connection, _, { seqNum }) => {
      connection.send(C.LoginResLoginout, { resultCode: 0 }, seqNum);
      connection.socket.end();
    });
    this.#on(C.LoginReqDevicetoken, (connection, _, { seqNum }) => {
      // Sends an empty message despite required fields.
      if (isMobileClient(connection.clientType))
        connection.sendRaw(C.LoginResDevicetoken.id, Buffer.alloc(0), seqNum);
    });
    this.#on(C.LoginReqKickpcclient, (connection, _, { seqNum }) => {
      const { userId } = connection;
      if (!isMobileClient(connection.clientType)) return;
      this.#kick(userId, isPc, 2, connection);
      connection.send(C.LoginResKickpcclient, { userId, resultCode: 0 }, seqNum);
    });
    this.#on(C.LoginReqPushShield, (connection, { shieldStatus }, { seqNum }) => {
      const { userId } = connection;
      const user = this.#store.users.get(userId);
      const changed = user !== undefined && user.shieldStatus !== shieldStatus;
      if (changed) user.shieldStatus = shieldStatus;
      // Only a row that was changed is a success.
      const answer = changed ? { resultCode: 0, shieldStatus } : { resultCode: 1 };
      connection.send(C.LoginResPushShield, { userId, ...answer }, seqNum);
    });
    this.#on(C.LoginReqQueryPushShield, (connection, _, { seqNum }) => {
      const { userId } = connection;
      const shieldStatus = this.#store.users.get(userId)?.shieldStatus ?? 0;
      connection.send(C.LoginResQueryPushShield, { userId, resultCode: 0, shieldStatus }, seqNum);
    });
  }

  #buddyHandlers(): void {
    const users = this.#store.users;
    this.#on(C.BuddyListRecentContactSessionRequest, (connection, { latestUpdateTime }, { seqNum }) => {
      const { userId } = connection;
      const contactSessionList = this.#store.recentSessions(userId, latestUpdateTime);
      connection.send(C.BuddyListRecentContactSessionResponse, { userId, contactSessionList }, seqNum);
    });
    this.#on(C.BuddyListUserInfoRequest, (connection, { userIdList }, { seqNum }) => {
      const userInfoList = (userIdList ?? []).flatMap((id) =>
        users.has(id) ? [this.#store.infoOf(users.get(id)!)] : [],
      );
      connection.send(C.BuddyListUserInfoResponse, { userId: connection.userId, userInfoList }, seqNum);
    });
    this.#on(C.BuddyListAllUserRequest, (connection, { latestUpdateTime }, { seqNum }) => {
      const changed = [...users.values()].filter(({ updated }) => updated >= latestUpdateTime);
      const body = {
        userId: connection.userId,
        latestUpdateTime: now(),
        userList: changed.map((user) => this.#store.infoOf(user)),
      };
      connection.send(C.BuddyListAllUserResponse, body, seqNum);
    });
    this.#on(C.BuddyListDepartmentRequest, (connection, { latestUpdateTime }, { seqNum }) => {
      const all = [{ deptId: 1, priority: 1, deptName: '研发部', parentDeptId: 0, deptStatus: 0 as const }];
      const deptList = latestUpdateTime === 0 ? all : [];
      connection.send(
        C.BuddyListDepartmentResponse,
        { userId: connection.userId, latestUpdateTime: now(), deptList },
        seqNum,
      );
    });
    this.#on(C.BuddyListUsersStatusRequest, (connection, { userIdList }, { seqNum }) => {
      const { USER_STATUS_ONLINE, USER_STATUS_OFFLINE } = IM.BaseDefine.UserStatType;
      const userStatList = (userIdList ?? []).map((userId) => ({
        userId,
        status: this.#hasPc(userId) ? USER_STATUS_ONLINE : USER_STATUS_OFFLINE,
      }));
      connection.send(C.BuddyListUsersStatusResponse, { userId: connection.userId, userStatList }, seqNum);
    });
    this.#on(C.BuddyListRemoveSessionReq, (connection, { sessionId, sessionType }, { seqNum }) => {
      const { userId } = connection;
      const resultCode = this.#store.removeSession(userId, sessionId, sessionType) ? 0 : 1;
      const body = { userId, sessionId, sessionType };
      connection.send(C.BuddyListRemoveSessionRes, { ...body, resultCode }, seqNum);
      if (sessionType !== IM.BaseDefine.SessionType.SESSION_TYPE_SINGLE) return;
      this.broadcast([userId], (each) => each.send(C.BuddyListRemoveSessionNotify, body), connection);
    });
    this.#on(C.BuddyListChangeAvatarRequest, (connection, { avatarUrl }) => {
      const user = users.get(connection.userId);
      // Never answered.
      if (user) Object.assign(user, { avatarUrl, updated: now() });
    });
    this.#on(C.BuddyListChangeSignInfoRequest, (connection, { signInfo }, { seqNum }) => {
      const user = users.get(connection.userId);
      const { userId } = connection;
      if (!user || user.signInfo === signInfo || Buffer.byteLength(signInfo) > 128) {
        connection.send(C.BuddyListChangeSignInfoResponse, { userId, resultCode: 1 }, seqNum);
        return;
      }
      Object.assign(user, { signInfo, updated: now() });
      connection.send(C.BuddyListChangeSignInfoResponse, { userId, resultCode: 0, signInfo }, seqNum);
      const notify = { changedUserId: userId, signInfo };
      this.broadcast(
        this.everybody(),
        (each) => each.send(C.BuddyListSignInfoChangedNotify, notify),
        connection,
      );
    });
    this.#on(C.SwitchP2pCmd, (connection, { toUserId }, { commandId, body, seqNum }) => {
      // Forwarded without decoding: the claimed sender is not checked, and oneself gets it twice.
      const pass = (each: OriginalConnection) => each.sendRaw(commandId, body, seqNum);
      this.broadcast([connection.userId], pass, connection);
      this.broadcast([toUserId], pass);
    });
  }

  #messageHandlers(): void {
    const store = this.#store;
    this.#on(C.MsgData, (connection, message, { seqNum }) => {
      const { userId } = connection;
      const { toSessionId, msgType, msgData } = message;
      if (userId === 0 || msgData.length === 0) return;
      // Compares the claimed id, not that of the connection.
      const isSingle = !isGroupMessageType(msgType);
      if (isSingle && message.fromUserId === toSessionId) return;
      const createTime = now();
      const msgId = store.append(userId, toSessionId, msgType, msgData, createTime);
      if (msgId === 0) return;
      const sessionType = sessionTypeOf(msgType)!;
      connection.send(C.MsgDataAck, { userId, sessionId: toSessionId, msgId, sessionType }, seqNum);
      const members = isSingle ? [userId, toSessionId] : store.groups.get(toSessionId)!.members;
      const forwarded = { ...message, fromUserId: userId, msgId, createTime };
      // Forwards the sender's seq_num and attach_data.
      this.broadcast(members, (each) => each.send(C.MsgData, forwarded, seqNum), connection);
    });
    this.#on(C.MsgReadAck, (connection, { sessionId, sessionType, msgId }) => {
      const { userId } = connection;
      store.read(userId, sessionId, sessionType);
      const notify = { userId, sessionId, msgId, sessionType };
      this.broadcast([userId], (each) => each.send(C.MsgReadNotify, notify), connection);
    });
    this.#on(C.MsgTimeRequest, (connection, _, { seqNum }) => {
      connection.send(C.MsgTimeResponse, { serverTime: now() }, seqNum);
    });
    this.#on(C.MsgUnreadCntRequest, (connection, _, { seqNum }) => {
      const unreadinfoList = store.unread(connection.userId);
      const totalCnt = unreadinfoList.reduce((sum, { unreadCnt }) => sum + unreadCnt, 0);
      connection.send(
        C.MsgUnreadCntResponse,
        { userId: connection.userId, totalCnt, unreadinfoList },
        seqNum,
      );
    });
    this.#on(C.MsgListRequest, (connection, { sessionId, sessionType, msgIdBegin, msgCnt }, { seqNum }) => {
      const { userId } = connection;
      const msgList = store.history(userId, sessionId, sessionType, msgIdBegin, msgCnt);
      connection.send(C.MsgListResponse, { userId, sessionType, sessionId, msgIdBegin, msgList }, seqNum);
    });
    this.#on(C.MsgGetLatestMsgIdReq, (connection, { sessionId, sessionType }, { seqNum }) => {
      const { userId } = connection;
      const latestMsgId = store.latest(userId, sessionId, sessionType);
      connection.send(C.MsgGetLatestMsgIdRsp, { userId, sessionType, sessionId, latestMsgId }, seqNum);
    });
    this.#on(C.MsgGetByMsgIdReq, (connection, { sessionId, sessionType, msgIdList }, { seqNum }) => {
      const { userId } = connection;
      const msgList = store.byIds(userId, sessionId, sessionType, msgIdList ?? []);
      connection.send(C.MsgGetByMsgIdRes, { userId, sessionType, sessionId, msgList }, seqNum);
    });
  }

  #groupHandlers(): void {
    const { groups } = this.#store;
    this.#on(C.GroupNormalListRequest, (connection, _, { seqNum }) => {
      const { userId } = connection;
      const groupVersionList = [...groups.values()]
        .filter(({ type, members }) => type === GROUP_TYPE_NORMAL && members.has(userId))
        .map(({ id, version }) => ({ groupId: id, version }));
      connection.send(C.GroupNormalListResponse, { userId, groupVersionList }, seqNum);
    });
    this.#on(C.GroupInfoRequest, (connection, { groupVersionList }, { seqNum }) => {
      const { userId } = connection;
      const groupInfoList = (groupVersionList ?? []).flatMap(({ groupId, version }) => {
        const group = groups.get(groupId);
        // Does not check membership.
        if (!group || group.version <= version) return [];
        return {
          groupId,
          version: group.version,
          groupName: group.name,
          groupAvatar: '',
          groupCreatorId: group.creatorId,
          groupType: group.type,
          shieldStatus: group.shielding.has(userId) ? 1 : 0,
          groupMemberList: [...group.members],
        };
      });
      connection.send(C.GroupInfoResponse, { userId, groupInfoList }, seqNum);
    });
    this.#on(C.GroupCreateRequest, (connection, { groupType, groupName, memberIdList }, { seqNum }) => {
      const { userId } = connection;
      if (groupType === GROUP_TYPE_NORMAL) return;
      const { id, members } = this.#store.createGroup(userId, groupType, groupName, memberIdList ?? []);
      const body = { userId, resultCode: 0, groupId: id, groupName, userIdList: [...members] };
      connection.send(C.GroupCreateResponse, body, seqNum);
    });
    this.#on(C.GroupChangeMemberRequest, (connection, { changeType, groupId, memberIdList }, { seqNum }) => {
      const { userId } = connection;
      const group = groups.get(groupId);
      if (!group) return;
      const adds = changeType === GROUP_MODIFY_TYPE_ADD;
      const mayChange = group.creatorId === userId || userId === 0 || (group.type === GROUP_TYPE_TMP && adds);
      const answer = { userId, changeType, groupId };
      if (!mayChange) {
        connection.send(C.GroupChangeMemberResponse, { ...answer, resultCode: 1 }, seqNum);
        return;
      }
      const changed = this.changeMembers(groupId, adds, memberIdList ?? []);
      connection.send(C.GroupChangeMemberResponse, { ...answer, resultCode: 0, ...changed }, seqNum);
      this.notifyOfChange({ ...answer, ...changed }, connection);
    });
    this.#on(C.GroupShieldGroupRequest, (connection, { groupId, shieldStatus }, { seqNum }) => {
      const { userId } = connection;
      const group = groups.get(groupId);
      if (!group?.members.has(userId)) return;
      if (shieldStatus) group.shielding.add(userId);
      else group.shielding.delete(userId);
      group.version++;
      connection.send(C.GroupShieldGroupResponse, { userId, groupId, resultCode: 0 }, seqNum);
    });
  }

  /** @returns the changed members and all current ones */
  changeMembers(groupId: number, adds: boolean, memberIds: readonly number[]) {
    const group = this.#store.groups.get(groupId)!;
    const chgUserIdList = memberIds.filter((id) => group.members.has(id) !== adds);
    for (const id of chgUserIdList) {
      if (adds) this.#store.join(group, id);
      else {
        group.members.delete(id);
        this.#store.removeSession(id, groupId, IM.BaseDefine.SessionType.SESSION_TYPE_GROUP);
      }
    }
    group.version++;
    return { chgUserIdList, curUserIdList: [...group.members] };
  }

  notifyOfChange(
    change: {
      userId: number;
      changeType: IM.BaseDefine.GroupModifyType;
      groupId: number;
      chgUserIdList: number[];
      curUserIdList: number[];
    },
    except?: OriginalConnection,
  ): void {
    const to = [...change.chgUserIdList, ...change.curUserIdList];
    this.broadcast(to, (each) => each.send(C.GroupChangeMemberNotify, change), except);
  }

  #fileHandlers(): void {
    const files = this.#store.offlineFiles;
    const ipAddrList = () => [this.#files.address];
    this.#on(C.FileRequest, (connection, { toUserId, fileName, fileSize, transMode: wished }, { seqNum }) => {
      const { userId } = connection;
      const transMode = this.#hasPc(toUserId) ? wished : FILE_TYPE_OFFLINE;
      const taskId = this.#files.createTask({ from: userId, to: toUserId, size: fileSize, transMode });
      const body = { fromUserId: userId, toUserId, fileName, taskId, ipAddrList: ipAddrList(), transMode };
      connection.send(C.FileResponse, { ...body, resultCode: 0 }, seqNum);
      const notify = { ...body, fileSize, offlineReady: 0 };
      this.broadcast([toUserId], (each) => isPc(each.clientType) && each.send(C.FileNotify, notify));
    });
    this.#on(C.FileHasOfflineReq, (connection, _, { seqNum }) => {
      const { userId } = connection;
      const offlineFileList = files
        .filter(({ to }) => to === userId)
        .map(({ from, taskId, name, size }) => ({
          fromUserId: from,
          taskId,
          fileName: name,
          fileSize: size,
        }));
      connection.send(C.FileHasOfflineRes, { userId, offlineFileList, ipAddrList: ipAddrList() }, seqNum);
    });
    this.#on(C.FileAddOfflineReq, (connection, { toUserId, taskId, fileName, fileSize }) => {
      const { userId } = connection;
      files.push({ from: userId, to: toUserId, taskId, name: fileName, size: fileSize });
      const notify = {
        fromUserId: userId,
        toUserId,
        fileName,
        fileSize,
        taskId,
        ipAddrList: ipAddrList(),
        transMode: FILE_TYPE_OFFLINE,
        offlineReady: 1,
      };
      this.broadcast([toUserId], (each) => isPc(each.clientType) && each.send(C.FileNotify, notify));
    });
    this.#on(C.FileDelOfflineReq, (_, { toUserId, taskId }) => {
      // Does not check who asks.
      const index = files.findIndex((file) => file.taskId === taskId && file.to === toUserId);
      if (index >= 0) files.splice(index, 1);
    });
  }
}
