import { IM } from '@teamtalk/protocol';
import { offerOf } from './files/file-offer.js';
import type { EventEmitter } from './platform/emitter.js';
import type { PushHandlers } from './pushes.js';
import type { ClientEvents, GroupChange } from './requests.js';
import { sessionOf } from './session.js';

const { GROUP_MODIFY_TYPE_ADD } = IM.BaseDefine.GroupModifyType;
const { USER_STATUS_ONLINE } = IM.BaseDefine.UserStatType;

/** Handlers of PDUs that are only emitted as events. */
export function pushEvents(
  client: Pick<EventEmitter<ClientEvents>, 'emit'>,
): Omit<PushHandlers, 'message' | 'ack' | 'kick'> {
  return {
    read: (notify) => client.emit('read', { session: sessionOf(notify), msgId: notify.msgId }),
    status: (notify) => client.emit('status', notify.userStat),
    file: (notify) => {
      const offer = offerOf(notify);
      if (offer) client.emit('file', offer);
    },
    group: ({ userId, changeType, groupId, curUserIdList, chgUserIdList }) => {
      const change: GroupChange = {
        groupId,
        byUserId: userId,
        change: changeType === GROUP_MODIFY_TYPE_ADD ? 'added' : 'removed',
        userIds: chgUserIdList ?? [],
        memberIds: curUserIdList ?? [],
      };
      client.emit('group', change);
    },
    signature: ({ changedUserId, signInfo }) =>
      client.emit('signature', { userId: changedUserId, text: signInfo }),
    avatar: ({ changedUserId, avatarUrl }) =>
      client.emit('avatar', { userId: changedUserId, url: avatarUrl }),
    sessionRemoved: (notify) => client.emit('sessionRemoved', { session: sessionOf(notify) }),
    pc: ({ loginStat }) => client.emit('pc', { isOnline: loginStat === USER_STATUS_ONLINE }),
    command: ({ fromUserId, toUserId, cmdMsgData }) =>
      client.emit('command', { fromUserId, toUserId, data: cmdMsgData }),
  };
}
