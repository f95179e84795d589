import { type AnyCommand, Commands as C } from '@teamtalk/protocol';

/** The reply command of each request to msg_server. Requests not listed have no reply. */
export const answerOf: ReadonlyMap<number, AnyCommand> = new Map<number, AnyCommand>([
  [C.LoginReqMsgserver.id, C.LoginResMsgserver],
  [C.LoginReqUserlogin.id, C.LoginResUserlogin],
  [C.LoginReqLoginout.id, C.LoginResLoginout],
  [C.LoginReqDevicetoken.id, C.LoginResDevicetoken],
  [C.LoginReqKickpcclient.id, C.LoginResKickpcclient],
  [C.LoginReqPushShield.id, C.LoginResPushShield],
  [C.LoginReqQueryPushShield.id, C.LoginResQueryPushShield],
  [C.BuddyListRecentContactSessionRequest.id, C.BuddyListRecentContactSessionResponse],
  [C.BuddyListUserInfoRequest.id, C.BuddyListUserInfoResponse],
  [C.BuddyListRemoveSessionReq.id, C.BuddyListRemoveSessionRes],
  [C.BuddyListAllUserRequest.id, C.BuddyListAllUserResponse],
  [C.BuddyListUsersStatusRequest.id, C.BuddyListUsersStatusResponse],
  [C.BuddyListChangeAvatarRequest.id, C.BuddyListChangeAvatarResponse],
  [C.BuddyListDepartmentRequest.id, C.BuddyListDepartmentResponse],
  [C.BuddyListChangeSignInfoRequest.id, C.BuddyListChangeSignInfoResponse],
  [C.MsgData.id, C.MsgDataAck],
  [C.MsgTimeRequest.id, C.MsgTimeResponse],
  [C.MsgUnreadCntRequest.id, C.MsgUnreadCntResponse],
  [C.MsgListRequest.id, C.MsgListResponse],
  [C.MsgGetLatestMsgIdReq.id, C.MsgGetLatestMsgIdRsp],
  [C.MsgGetByMsgIdReq.id, C.MsgGetByMsgIdRes],
  [C.GroupNormalListRequest.id, C.GroupNormalListResponse],
  [C.GroupInfoRequest.id, C.GroupInfoResponse],
  [C.GroupCreateRequest.id, C.GroupCreateResponse],
  [C.GroupChangeMemberRequest.id, C.GroupChangeMemberResponse],
  [C.GroupShieldGroupRequest.id, C.GroupShieldGroupResponse],
  [C.FileLoginReq.id, C.FileLoginRes],
  [C.FileRequest.id, C.FileResponse],
  [C.FileHasOfflineReq.id, C.FileHasOfflineRes],
  [C.OtherHeartbeat.id, C.OtherHeartbeat],
  [C.ExtPushSubscriptionReq.id, C.ExtPushSubscriptionRsp],
  [C.ExtListLoginsReq.id, C.ExtListLoginsRsp],
  [C.ExtEndLoginsReq.id, C.ExtEndLoginsRsp],
]);

/** Commands a server sends unsolicited, always with seq_num 0. */
export const pushes: ReadonlySet<number> = new Set(
  [
    C.LoginKickUser,
    C.BuddyListStatusNotify,
    C.BuddyListPcLoginStatusNotify,
    C.BuddyListRemoveSessionNotify,
    C.BuddyListAvatarChangedNotify,
    C.BuddyListSignInfoChangedNotify,
    C.MsgData,
    C.MsgReadNotify,
    C.GroupChangeMemberNotify,
    C.FileState,
    C.FilePullDataReq,
    C.FilePullDataRsp,
    C.FileNotify,
    C.SwitchP2pCmd,
  ].map(({ id }) => id),
);

/** Commands that other users of the server may cause at any time; cases ignore them. */
export const ambient: ReadonlySet<number> = new Set(
  [
    C.BuddyListStatusNotify,
    C.BuddyListPcLoginStatusNotify,
    C.BuddyListAvatarChangedNotify,
    C.BuddyListSignInfoChangedNotify,
  ].map(({ id }) => id),
);

/** Replies and notifications whose `user_id` is their receiver's (client-behaviour.md#the-user-is-the-connections). */
export const ownId: ReadonlySet<number> = new Set(
  [...answerOf.values()]
    .concat(C.LoginKickUser, C.MsgReadNotify, C.BuddyListRemoveSessionNotify, C.BuddyListPcLoginStatusNotify)
    .map(({ id }) => id),
);

/** Answers that may come in several PDUs of one seq_num, to Android clients only. */
export const splittable: ReadonlySet<number> = new Set(
  [C.BuddyListAllUserResponse, C.BuddyListDepartmentResponse, C.GroupInfoResponse].map(({ id }) => id),
);
