// The command table: one row per command on the wire (client-behaviour.md#pdu-header; user's API document, header).
import { IM } from '../gen/client.js';
import type { Command, Direction, MessageType } from './command.js';

const { Login, Buddy, Message, Group, File, SwitchService, Other, Server, Extension } = IM;

const TO_SERVER = 'client-to-server';
const TO_CLIENT = 'server-to-client';
const BOTH = 'both';
const BETWEEN_SERVERS = 'between-servers';

/** Enum member by number, over all command enums: they do not overlap. */
const enumNames = new Map<number, string>();
for (const enumeration of [
  IM.BaseDefine.LoginCmdID,
  IM.BaseDefine.BuddyListCmdID,
  IM.BaseDefine.MessageCmdID,
  IM.BaseDefine.GroupCmdID,
  IM.BaseDefine.FileCmdID,
  IM.BaseDefine.SwitchServiceCmdID,
  IM.BaseDefine.OtherCmdID,
  IM.BaseDefine.ExtensionCmdID,
]) {
  for (const [name, id] of Object.entries(enumeration)) enumNames.set(Number(id), name);
}

const messageNames = new Map<unknown, string>();
for (const [packageName, members] of Object.entries(IM)) {
  for (const [name, member] of Object.entries(members)) messageNames.set(member, `IM.${packageName}.${name}`);
}

function row<M extends object, P extends object>(
  id: number,
  type: MessageType<M, P>,
  direction: Direction,
): Command<M, P> {
  const name = enumNames.get(id);
  const message = messageNames.get(type);
  if (name === undefined || message === undefined) throw new Error(`command ${id} is not in the schema`);
  return Object.freeze({ id, serviceId: id >>> 8, name, message, type, direction });
}

/**
 * Every command, under its name in the schema's enums: `CID_MSG_DATA` is `Commands.MsgData`, `CID_LOGIN_REQ_USERLOGIN`
 * is `Commands.LoginReqUserlogin`. `direction` is who may send it to whom; between-servers commands belong to the
 * original's servers and never reach a client.
 */
export const Commands = Object.freeze({
  // Finding a server, login, kick, push settings.
  LoginReqMsgserver: row(0x0101, Login.IMMsgServReq, TO_SERVER),
  LoginResMsgserver: row(0x0102, Login.IMMsgServRsp, TO_CLIENT),
  LoginReqUserlogin: row(0x0103, Login.IMLoginReq, TO_SERVER),
  LoginResUserlogin: row(0x0104, Login.IMLoginRes, TO_CLIENT),
  LoginReqLoginout: row(0x0105, Login.IMLogoutReq, TO_SERVER),
  LoginResLoginout: row(0x0106, Login.IMLogoutRsp, TO_CLIENT),
  LoginKickUser: row(0x0107, Login.IMKickUser, TO_CLIENT),
  LoginReqDevicetoken: row(0x0108, Login.IMDeviceTokenReq, TO_SERVER),
  LoginResDevicetoken: row(0x0109, Login.IMDeviceTokenRsp, TO_CLIENT),
  LoginReqKickpcclient: row(0x010a, Login.IMKickPCClientReq, TO_SERVER),
  LoginResKickpcclient: row(0x010b, Login.IMKickPCClientRsp, TO_CLIENT),
  LoginReqPushShield: row(0x010c, Login.IMPushShieldReq, TO_SERVER),
  LoginResPushShield: row(0x010d, Login.IMPushShieldRsp, TO_CLIENT),
  LoginReqQueryPushShield: row(0x010e, Login.IMQueryPushShieldReq, TO_SERVER),
  LoginResQueryPushShield: row(0x010f, Login.IMQueryPushShieldRsp, TO_CLIENT),

  // Users, departments, presence, recent sessions.
  BuddyListRecentContactSessionRequest: row(0x0201, Buddy.IMRecentContactSessionReq, TO_SERVER),
  BuddyListRecentContactSessionResponse: row(0x0202, Buddy.IMRecentContactSessionRsp, TO_CLIENT),
  BuddyListStatusNotify: row(0x0203, Buddy.IMUserStatNotify, TO_CLIENT),
  BuddyListUserInfoRequest: row(0x0204, Buddy.IMUsersInfoReq, TO_SERVER),
  BuddyListUserInfoResponse: row(0x0205, Buddy.IMUsersInfoRsp, TO_CLIENT),
  BuddyListRemoveSessionReq: row(0x0206, Buddy.IMRemoveSessionReq, TO_SERVER),
  BuddyListRemoveSessionRes: row(0x0207, Buddy.IMRemoveSessionRsp, TO_CLIENT),
  BuddyListAllUserRequest: row(0x0208, Buddy.IMAllUserReq, TO_SERVER),
  BuddyListAllUserResponse: row(0x0209, Buddy.IMAllUserRsp, TO_CLIENT),
  BuddyListUsersStatusRequest: row(0x020a, Buddy.IMUsersStatReq, TO_SERVER),
  BuddyListUsersStatusResponse: row(0x020b, Buddy.IMUsersStatRsp, TO_CLIENT),
  BuddyListChangeAvatarRequest: row(0x020c, Buddy.IMChangeAvatarReq, TO_SERVER),
  BuddyListChangeAvatarResponse: row(0x020d, Buddy.IMChangeAvatarRsp, TO_CLIENT),
  BuddyListPcLoginStatusNotify: row(0x020e, Buddy.IMPCLoginStatusNotify, TO_CLIENT),
  BuddyListRemoveSessionNotify: row(0x020f, Buddy.IMRemoveSessionNotify, TO_CLIENT),
  BuddyListDepartmentRequest: row(0x0210, Buddy.IMDepartmentReq, TO_SERVER),
  BuddyListDepartmentResponse: row(0x0211, Buddy.IMDepartmentRsp, TO_CLIENT),
  BuddyListAvatarChangedNotify: row(0x0212, Buddy.IMAvatarChangedNotify, TO_CLIENT),
  BuddyListChangeSignInfoRequest: row(0x0213, Buddy.IMChangeSignInfoReq, TO_SERVER),
  BuddyListChangeSignInfoResponse: row(0x0214, Buddy.IMChangeSignInfoRsp, TO_CLIENT),
  BuddyListSignInfoChangedNotify: row(0x0215, Buddy.IMSignInfoChangedNotify, TO_CLIENT),

  // Messages, receipts, history.
  MsgData: row(0x0301, Message.IMMsgData, BOTH),
  MsgDataAck: row(0x0302, Message.IMMsgDataAck, BOTH),
  MsgReadAck: row(0x0303, Message.IMMsgDataReadAck, TO_SERVER),
  MsgReadNotify: row(0x0304, Message.IMMsgDataReadNotify, TO_CLIENT),
  MsgTimeRequest: row(0x0305, Message.IMClientTimeReq, TO_SERVER),
  MsgTimeResponse: row(0x0306, Message.IMClientTimeRsp, TO_CLIENT),
  MsgUnreadCntRequest: row(0x0307, Message.IMUnreadMsgCntReq, TO_SERVER),
  MsgUnreadCntResponse: row(0x0308, Message.IMUnreadMsgCntRsp, TO_CLIENT),
  MsgListRequest: row(0x0309, Message.IMGetMsgListReq, TO_SERVER),
  MsgListResponse: row(0x030a, Message.IMGetMsgListRsp, TO_CLIENT),
  MsgGetLatestMsgIdReq: row(0x030b, Message.IMGetLatestMsgIdReq, TO_SERVER),
  MsgGetLatestMsgIdRsp: row(0x030c, Message.IMGetLatestMsgIdRsp, TO_CLIENT),
  MsgGetByMsgIdReq: row(0x030d, Message.IMGetMsgByIdReq, TO_SERVER),
  MsgGetByMsgIdRes: row(0x030e, Message.IMGetMsgByIdRsp, TO_CLIENT),

  // Groups.
  GroupNormalListRequest: row(0x0401, Group.IMNormalGroupListReq, TO_SERVER),
  GroupNormalListResponse: row(0x0402, Group.IMNormalGroupListRsp, TO_CLIENT),
  GroupInfoRequest: row(0x0403, Group.IMGroupInfoListReq, TO_SERVER),
  GroupInfoResponse: row(0x0404, Group.IMGroupInfoListRsp, TO_CLIENT),
  GroupCreateRequest: row(0x0405, Group.IMGroupCreateReq, TO_SERVER),
  GroupCreateResponse: row(0x0406, Group.IMGroupCreateRsp, TO_CLIENT),
  GroupChangeMemberRequest: row(0x0407, Group.IMGroupChangeMemberReq, TO_SERVER),
  GroupChangeMemberResponse: row(0x0408, Group.IMGroupChangeMemberRsp, TO_CLIENT),
  GroupShieldGroupRequest: row(0x0409, Group.IMGroupShieldReq, TO_SERVER),
  GroupShieldGroupResponse: row(0x040a, Group.IMGroupShieldRsp, TO_CLIENT),
  GroupChangeMemberNotify: row(0x040b, Group.IMGroupChangeMemberNotify, TO_CLIENT),

  // Files.
  FileLoginReq: row(0x0501, File.IMFileLoginReq, TO_SERVER),
  FileLoginRes: row(0x0502, File.IMFileLoginRsp, TO_CLIENT),
  FileState: row(0x0503, File.IMFileState, BOTH),
  FilePullDataReq: row(0x0504, File.IMFilePullDataReq, BOTH),
  FilePullDataRsp: row(0x0505, File.IMFilePullDataRsp, BOTH),
  FileRequest: row(0x0506, File.IMFileReq, TO_SERVER),
  FileResponse: row(0x0507, File.IMFileRsp, TO_CLIENT),
  FileNotify: row(0x0508, File.IMFileNotify, TO_CLIENT),
  FileHasOfflineReq: row(0x0509, File.IMFileHasOfflineReq, TO_SERVER),
  FileHasOfflineRes: row(0x050a, File.IMFileHasOfflineRsp, TO_CLIENT),
  FileAddOfflineReq: row(0x050b, File.IMFileAddOfflineReq, TO_SERVER),
  FileDelOfflineReq: row(0x050c, File.IMFileDelOfflineReq, TO_SERVER),

  // User-to-user commands.
  SwitchP2pCmd: row(0x0601, SwitchService.IMP2PCmdMsg, BOTH),

  // Heartbeat; the rest is for the original's servers only.
  OtherHeartbeat: row(0x0701, Other.IMHeartBeat, BOTH),
  OtherStopRecvPacket: row(0x0702, Server.IMStopReceivePacket, BETWEEN_SERVERS),
  OtherValidateReq: row(0x0703, Server.IMValidateReq, BETWEEN_SERVERS),
  OtherValidateRsp: row(0x0704, Server.IMValidateRsp, BETWEEN_SERVERS),
  OtherGetDeviceTokenReq: row(0x0705, Server.IMGetDeviceTokenReq, BETWEEN_SERVERS),
  OtherGetDeviceTokenRsp: row(0x0706, Server.IMGetDeviceTokenRsp, BETWEEN_SERVERS),
  OtherRoleSet: row(0x0707, Server.IMRoleSet, BETWEEN_SERVERS),
  OtherOnlineUserInfo: row(0x0708, Server.IMOnlineUserInfo, BETWEEN_SERVERS),
  OtherMsgServInfo: row(0x0709, Server.IMMsgServInfo, BETWEEN_SERVERS),
  OtherUserStatusUpdate: row(0x070a, Server.IMUserStatusUpdate, BETWEEN_SERVERS),
  OtherUserCntUpdate: row(0x070b, Server.IMUserCntUpdate, BETWEEN_SERVERS),
  OtherServerKickUser: row(0x070d, Server.IMServerKickUser, BETWEEN_SERVERS),
  OtherLoginStatusNotify: row(0x070e, Server.IMServerPCLoginStatusNotify, BETWEEN_SERVERS),
  OtherPushToUserReq: row(0x070f, Server.IMPushToUserReq, BETWEEN_SERVERS),
  OtherPushToUserRsp: row(0x0710, Server.IMPushToUserRsp, BETWEEN_SERVERS),
  OtherGetShieldReq: row(0x0711, Server.IMGroupGetShieldReq, BETWEEN_SERVERS),
  OtherGetShieldRsp: row(0x0712, Server.IMGroupGetShieldRsp, BETWEEN_SERVERS),
  OtherFileTransferReq: row(0x0731, Server.IMFileTransferReq, BETWEEN_SERVERS),
  OtherFileTransferRsp: row(0x0732, Server.IMFileTransferRsp, BETWEEN_SERVERS),
  OtherFileServerIpReq: row(0x0733, Server.IMFileServerIPReq, BETWEEN_SERVERS),
  OtherFileServerIpRsp: row(0x0734, Server.IMFileServerIPRsp, BETWEEN_SERVERS),

  // Commands of this server, unknown to the original's.
  ExtPushSubscriptionReq: row(0x0801, Extension.IMPushSubscriptionReq, TO_SERVER),
  ExtPushSubscriptionRsp: row(0x0802, Extension.IMPushSubscriptionRsp, TO_CLIENT),
  ExtListLoginsReq: row(0x0803, Extension.IMListLoginsReq, TO_SERVER),
  ExtListLoginsRsp: row(0x0804, Extension.IMListLoginsRsp, TO_CLIENT),
  ExtEndLoginsReq: row(0x0805, Extension.IMEndLoginsReq, TO_SERVER),
  ExtEndLoginsRsp: row(0x0806, Extension.IMEndLoginsRsp, TO_CLIENT),
});
