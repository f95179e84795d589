import type { IM } from '@teamtalk/protocol';
import type { teamtalk } from '@teamtalk/rpc';

/** A user as sent to clients: fields 1 to 10 are always set, because clients reject the PDU otherwise. */
export function userInfo(user: teamtalk.db.User.$Properties): IM.BaseDefine.UserInfo.$Properties {
  return {
    userId: user.userId ?? 0,
    userGender: user.userGender ?? 0,
    userNickName: user.userNickName ?? '',
    avatarUrl: user.avatarUrl ?? '',
    departmentId: user.departmentId ?? 0,
    email: user.email ?? '',
    userRealName: user.userRealName ?? '',
    userTel: user.userTel ?? '',
    userDomain: user.userDomain ?? '',
    status: user.status ?? 0,
    signInfo: user.signInfo ?? '',
  };
}
