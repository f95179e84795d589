import { type AnyCommand, Commands as C, type Command, encodePdu, HEADER_LENGTH } from '@teamtalk/protocol';

/** The users and the message that a body names; its real sender is not among them. */
interface SampleIds {
  /** the claimed sender, or 0 */
  claimed: number;
  /** its receiver */
  peer: number;
  /** the newest message of the peer's session */
  msgId: number;
}

/** A valid body of a command. */
export interface Sample {
  readonly command: AnyCommand;
  /** Whether the body names its sender: `user_id` or `from_user_id`. */
  readonly namesSender: boolean;
  body(ids: SampleIds): Buffer;
}

function sample<P extends object>(
  command: Command<object, P>,
  build: (ids: SampleIds) => NoInfer<P>,
): Sample {
  const fields = Object.keys(build({ claimed: 1, peer: 2, msgId: 3 }));
  return {
    command,
    namesSender: fields.includes('userId') || fields.includes('fromUserId'),
    body: (ids) => encodePdu(command, build(ids), 0).subarray(HEADER_LENGTH),
  };
}

const file = { fileName: 'a.txt', fileSize: 10, taskId: 'conformance' };
/** Refused, so that nobody's picture or signature is changed. */
const tooLong = 'x'.repeat(50_000);
const textData = Buffer.from('2F8DVZc6jcBnkGDN1zeaag==');

/** One body of every command a client may send. */
export const clientSamples: readonly Sample[] = [
  sample(C.LoginReqMsgserver, () => ({})),
  sample(C.LoginReqUserlogin, () => ({ userName: '', password: '', onlineStatus: 1, clientType: 1 })),
  sample(C.LoginReqLoginout, () => ({})),
  sample(C.LoginReqDevicetoken, ({ claimed }) => ({ userId: claimed, deviceToken: 'conformance' })),
  sample(C.LoginReqKickpcclient, ({ claimed }) => ({ userId: claimed })),
  sample(C.LoginReqPushShield, ({ claimed }) => ({ userId: claimed, shieldStatus: 0 })),
  sample(C.LoginReqQueryPushShield, ({ claimed }) => ({ userId: claimed })),
  sample(C.BuddyListRecentContactSessionRequest, ({ claimed }) => ({ userId: claimed, latestUpdateTime: 0 })),
  sample(C.BuddyListUserInfoRequest, ({ claimed, peer }) => ({ userId: claimed, userIdList: [peer] })),
  sample(C.BuddyListRemoveSessionReq, ({ claimed, peer }) => ({
    userId: claimed,
    sessionType: 1,
    sessionId: peer,
  })),
  sample(C.BuddyListAllUserRequest, ({ claimed }) => ({ userId: claimed, latestUpdateTime: 0 })),
  sample(C.BuddyListUsersStatusRequest, ({ claimed, peer }) => ({ userId: claimed, userIdList: [peer] })),
  sample(C.BuddyListChangeAvatarRequest, ({ claimed }) => ({ userId: claimed, avatarUrl: tooLong })),
  sample(C.BuddyListDepartmentRequest, ({ claimed }) => ({ userId: claimed, latestUpdateTime: 0 })),
  sample(C.BuddyListChangeSignInfoRequest, ({ claimed }) => ({ userId: claimed, signInfo: tooLong })),
  sample(C.MsgData, ({ claimed, peer }) => ({
    fromUserId: claimed,
    toSessionId: peer,
    msgId: 0,
    createTime: 0,
    msgType: 1,
    msgData: textData,
  })),
  sample(C.MsgDataAck, ({ claimed, peer, msgId }) => ({
    userId: claimed,
    sessionId: peer,
    msgId,
    sessionType: 1,
  })),
  sample(C.MsgReadAck, ({ claimed, peer, msgId }) => ({
    userId: claimed,
    sessionId: peer,
    msgId,
    sessionType: 1,
  })),
  sample(C.MsgTimeRequest, () => ({})),
  sample(C.MsgUnreadCntRequest, ({ claimed }) => ({ userId: claimed })),
  sample(C.MsgListRequest, ({ claimed, peer }) => ({
    userId: claimed,
    sessionType: 1,
    sessionId: peer,
    msgIdBegin: 0,
    msgCnt: 5,
  })),
  sample(C.MsgGetLatestMsgIdReq, ({ claimed, peer }) => ({
    userId: claimed,
    sessionType: 1,
    sessionId: peer,
  })),
  sample(C.MsgGetByMsgIdReq, ({ claimed, peer }) => ({
    userId: claimed,
    sessionType: 1,
    sessionId: peer,
    msgIdList: [1],
  })),
  sample(C.GroupNormalListRequest, ({ claimed }) => ({ userId: claimed })),
  sample(C.GroupInfoRequest, ({ claimed }) => ({
    userId: claimed,
    groupVersionList: [{ groupId: 1, version: 0 }],
  })),
  sample(C.GroupCreateRequest, ({ claimed }) => ({
    userId: claimed,
    groupType: 1,
    groupName: 'x',
    groupAvatar: '',
  })),
  sample(C.GroupChangeMemberRequest, ({ claimed, peer }) => ({
    userId: claimed,
    changeType: 1,
    groupId: 0x7fff_0000,
    memberIdList: [peer],
  })),
  sample(C.GroupShieldGroupRequest, ({ claimed }) => ({
    userId: claimed,
    groupId: 0x7fff_0000,
    shieldStatus: 1,
  })),
  sample(C.FileLoginReq, ({ claimed }) => ({ userId: claimed, taskId: file.taskId, fileRole: 1 })),
  sample(C.FileState, ({ claimed }) => ({ state: 1, taskId: file.taskId, userId: claimed })),
  sample(C.FilePullDataReq, ({ claimed }) => ({
    taskId: file.taskId,
    userId: claimed,
    transMode: 1,
    offset: 0,
    dataSize: 10,
  })),
  sample(C.FilePullDataRsp, ({ claimed }) => ({
    resultCode: 0,
    taskId: file.taskId,
    userId: claimed,
    offset: 0,
    fileData: Buffer.from('x'),
  })),
  sample(C.FileRequest, ({ claimed, peer }) => ({
    fromUserId: claimed,
    toUserId: peer,
    fileName: file.fileName,
    fileSize: file.fileSize,
    transMode: 2,
  })),
  sample(C.FileHasOfflineReq, ({ claimed }) => ({ userId: claimed })),
  sample(C.FileAddOfflineReq, ({ claimed, peer }) => ({ fromUserId: claimed, toUserId: peer, ...file })),
  sample(C.FileDelOfflineReq, ({ claimed, peer }) => ({
    fromUserId: claimed,
    toUserId: peer,
    taskId: file.taskId,
  })),
  sample(C.SwitchP2pCmd, ({ claimed, peer }) => ({ fromUserId: claimed, toUserId: peer, cmdMsgData: '{}' })),
  sample(C.OtherHeartbeat, () => ({})),
  sample(C.ExtPushSubscriptionReq, () => ({ subscription: '' })),
  sample(C.ExtListLoginsReq, () => ({})),
  sample(C.ExtEndLoginsReq, () => ({ loginIdList: ['none'] })),
];

const user = (userId: number) => ({
  userId,
  userGender: 1,
  userNickName: '',
  avatarUrl: '',
  departmentId: 0,
  email: '',
  userRealName: '',
  userTel: '',
  userDomain: '',
  status: 0,
});

/** One body of every command that only servers send; it names a user where it has such a field. */
export const serverSamples: readonly Sample[] = [
  sample(C.LoginResMsgserver, () => ({ resultCode: 0, priorIp: '127.0.0.1', backipIp: '', port: 1 })),
  sample(C.LoginResUserlogin, ({ peer }) => ({
    serverTime: 1,
    resultCode: 0,
    onlineStatus: 1,
    userInfo: user(peer),
  })),
  sample(C.LoginResLoginout, () => ({ resultCode: 0 })),
  sample(C.LoginKickUser, ({ peer }) => ({ userId: peer, kickReason: 1 })),
  sample(C.LoginResDevicetoken, ({ peer }) => ({ userId: peer })),
  sample(C.LoginResKickpcclient, ({ peer }) => ({ userId: peer, resultCode: 0 })),
  sample(C.LoginResPushShield, ({ peer }) => ({ userId: peer, resultCode: 0, shieldStatus: 1 })),
  sample(C.LoginResQueryPushShield, ({ peer }) => ({ userId: peer, resultCode: 0, shieldStatus: 1 })),
  sample(C.BuddyListRecentContactSessionResponse, ({ peer }) => ({ userId: peer })),
  sample(C.BuddyListStatusNotify, ({ peer }) => ({ userStat: { userId: peer, status: 2 } })),
  sample(C.BuddyListUserInfoResponse, ({ peer }) => ({ userId: peer, userInfoList: [user(peer)] })),
  sample(C.BuddyListRemoveSessionRes, ({ peer }) => ({
    userId: peer,
    resultCode: 0,
    sessionType: 1,
    sessionId: peer,
  })),
  sample(C.BuddyListAllUserResponse, ({ peer }) => ({
    userId: peer,
    latestUpdateTime: 1,
    userList: [user(peer)],
  })),
  sample(C.BuddyListUsersStatusResponse, ({ peer }) => ({
    userId: peer,
    userStatList: [{ userId: peer, status: 2 }],
  })),
  sample(C.BuddyListChangeAvatarResponse, ({ peer }) => ({ userId: peer, resultCode: 0 })),
  sample(C.BuddyListPcLoginStatusNotify, ({ peer }) => ({ userId: peer, loginStat: 2 })),
  sample(C.BuddyListRemoveSessionNotify, ({ peer }) => ({ userId: peer, sessionType: 1, sessionId: peer })),
  sample(C.BuddyListDepartmentResponse, ({ peer }) => ({ userId: peer, latestUpdateTime: 1 })),
  sample(C.BuddyListAvatarChangedNotify, ({ peer }) => ({ changedUserId: peer, avatarUrl: 'x' })),
  sample(C.BuddyListChangeSignInfoResponse, ({ peer }) => ({ userId: peer, resultCode: 0 })),
  sample(C.BuddyListSignInfoChangedNotify, ({ peer }) => ({ changedUserId: peer, signInfo: 'x' })),
  sample(C.MsgReadNotify, ({ peer, msgId }) => ({ userId: peer, sessionId: peer, msgId, sessionType: 1 })),
  sample(C.MsgTimeResponse, () => ({ serverTime: 1 })),
  sample(C.MsgUnreadCntResponse, ({ peer }) => ({ userId: peer, totalCnt: 1 })),
  sample(C.MsgListResponse, ({ peer }) => ({ userId: peer, sessionType: 1, sessionId: peer, msgIdBegin: 0 })),
  sample(C.MsgGetLatestMsgIdRsp, ({ peer }) => ({
    userId: peer,
    sessionType: 1,
    sessionId: peer,
    latestMsgId: 1,
  })),
  sample(C.MsgGetByMsgIdRes, ({ peer }) => ({ userId: peer, sessionType: 1, sessionId: peer })),
  sample(C.GroupNormalListResponse, ({ peer }) => ({ userId: peer })),
  sample(C.GroupInfoResponse, ({ peer }) => ({ userId: peer })),
  sample(C.GroupCreateResponse, ({ peer }) => ({ userId: peer, resultCode: 0, groupId: 1, groupName: 'x' })),
  sample(C.GroupChangeMemberResponse, ({ peer }) => ({
    userId: peer,
    changeType: 1,
    resultCode: 0,
    groupId: 1,
  })),
  sample(C.GroupShieldGroupResponse, ({ peer }) => ({ userId: peer, groupId: 1, resultCode: 0 })),
  sample(C.GroupChangeMemberNotify, ({ peer }) => ({ userId: peer, changeType: 1, groupId: 1 })),
  sample(C.FileLoginRes, () => ({ resultCode: 0, taskId: file.taskId })),
  sample(C.FileResponse, ({ claimed, peer }) => ({
    resultCode: 0,
    fromUserId: claimed,
    toUserId: peer,
    fileName: file.fileName,
    taskId: file.taskId,
    transMode: 1,
  })),
  sample(C.FileNotify, ({ claimed, peer }) => ({
    fromUserId: claimed,
    toUserId: peer,
    ...file,
    transMode: 1,
    offlineReady: 1,
  })),
  sample(C.FileHasOfflineRes, ({ peer }) => ({ userId: peer })),
  sample(C.ExtPushSubscriptionRsp, () => ({ resultCode: 0 })),
  sample(C.ExtListLoginsRsp, () => ({})),
  sample(C.ExtEndLoginsRsp, () => ({ resultCode: 0 })),
];

/** One body of every command that only servers of the original send to each other. */
export const internalSamples: readonly Sample[] = [
  sample(C.OtherStopRecvPacket, () => ({ result: 1 })),
  sample(C.OtherValidateReq, () => ({ userName: 'x', password: 'x' })),
  sample(C.OtherValidateRsp, ({ peer }) => ({ userName: 'x', resultCode: 0, userInfo: user(peer) })),
  sample(C.OtherGetDeviceTokenReq, ({ peer }) => ({ userId: [peer] })),
  sample(C.OtherGetDeviceTokenRsp, ({ peer }) => ({
    userTokenInfo: [{ userId: peer, userType: 0x11, token: 'x', pushCount: 1, pushType: 1 }],
  })),
  sample(C.OtherRoleSet, () => ({ master: 1 })),
  sample(C.OtherOnlineUserInfo, ({ peer }) => ({
    userStatList: [{ userId: peer, status: 2, clientType: 1 }],
  })),
  sample(C.OtherMsgServInfo, () => ({
    ip1: '127.0.0.1',
    ip2: '',
    port: 1,
    maxConnCnt: 1,
    curConnCnt: 0,
    hostName: 'x',
  })),
  sample(C.OtherUserStatusUpdate, ({ peer }) => ({ userStatus: 2, userId: peer, clientType: 1 })),
  sample(C.OtherUserCntUpdate, ({ peer }) => ({ userAction: 1, userId: peer })),
  sample(C.OtherServerKickUser, ({ peer }) => ({ userId: peer, clientType: 1, reason: 1 })),
  sample(C.OtherLoginStatusNotify, ({ peer }) => ({ userId: peer, loginStatus: 2 })),
  sample(C.OtherPushToUserReq, () => ({ flash: 'x', data: 'x' })),
  sample(C.OtherPushToUserRsp, () => ({})),
  sample(C.OtherGetShieldReq, ({ peer }) => ({ groupId: 1, userId: [peer] })),
  sample(C.OtherGetShieldRsp, () => ({ groupId: 1 })),
  sample(C.OtherFileTransferReq, ({ claimed, peer }) => ({
    fromUserId: claimed,
    toUserId: peer,
    fileName: file.fileName,
    fileSize: file.fileSize,
    transMode: 1,
  })),
  sample(C.OtherFileTransferRsp, ({ claimed, peer }) => ({
    resultCode: 0,
    fromUserId: claimed,
    toUserId: peer,
  })),
  sample(C.OtherFileServerIpReq, () => ({})),
  sample(C.OtherFileServerIpRsp, () => ({})),
];
