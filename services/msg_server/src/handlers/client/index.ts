import { BodyError, Commands, commandById, type Pdu } from '@teamtalk/protocol';
import { costs } from '../../backpressure/request-costs.js';
import { type Connection, State } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { listAllUsers } from './all-users.js';
import { changeAvatar } from './change-avatar.js';
import { changeMembers } from './change-members.js';
import { changeSignature } from './change-signature.js';
import { createGroup } from './create-group.js';
import { listDepartments } from './departments.js';
import { setDeviceToken } from './device-token.js';
import { listGroups } from './group-list.js';
import { getGroupsInfo } from './groups-info.js';
import type { Handler } from './handler.js';
import { kickPc } from './kick-pc.js';
import { getLatestMessageId } from './latest-message-id.js';
import { logIn } from './login.js';
import { endLogins, listLogins } from './logins.js';
import { logOut } from './logout.js';
import { getMessageHistory } from './message-history.js';
import { getMessagesById } from './messages-by-id.js';
import { addOfflineFile, deleteOfflineFile, listOfflineFiles } from './offline-files.js';
import { sendP2pCommand } from './p2p-command.js';
import { getPushShield, setPushShield } from './push-shield.js';
import { setPushSubscription } from './push-subscription.js';
import { readMessage } from './read-message.js';
import { receiveReceipt } from './receive-receipt.js';
import { listRecentSessions } from './recent-sessions.js';
import { removeSession } from './remove-session.js';
import { sendFile } from './send-file.js';
import { sendMessage } from './send-message.js';
import { getServerTime } from './server-time.js';
import { shieldGroup } from './shield-group.js';
import { getUnreadCount } from './unread-count.js';
import { getUsersInfo } from './users-info.js';
import { getUsersStatus } from './users-status.js';

function handlerTable(context: Context): Map<number, Handler> {
  return new Map([
    [Commands.LoginReqUserlogin.id, logIn(context)],
    [Commands.LoginReqLoginout.id, logOut(context)],
    [Commands.LoginReqDevicetoken.id, setDeviceToken(context)],
    [Commands.LoginReqKickpcclient.id, kickPc(context)],
    [Commands.LoginReqPushShield.id, setPushShield(context)],
    [Commands.LoginReqQueryPushShield.id, getPushShield(context)],

    [Commands.BuddyListRecentContactSessionRequest.id, listRecentSessions(context)],
    [Commands.BuddyListUserInfoRequest.id, getUsersInfo(context)],
    [Commands.BuddyListRemoveSessionReq.id, removeSession(context)],
    [Commands.BuddyListAllUserRequest.id, listAllUsers(context)],
    [Commands.BuddyListUsersStatusRequest.id, getUsersStatus(context)],
    [Commands.BuddyListChangeAvatarRequest.id, changeAvatar(context)],
    [Commands.BuddyListDepartmentRequest.id, listDepartments(context)],
    [Commands.BuddyListChangeSignInfoRequest.id, changeSignature(context)],

    [Commands.MsgData.id, sendMessage(context)],
    [Commands.MsgDataAck.id, receiveReceipt(context)],
    [Commands.MsgReadAck.id, readMessage(context)],
    [Commands.MsgTimeRequest.id, getServerTime],
    [Commands.MsgUnreadCntRequest.id, getUnreadCount(context)],
    [Commands.MsgListRequest.id, getMessageHistory(context)],
    [Commands.MsgGetLatestMsgIdReq.id, getLatestMessageId(context)],
    [Commands.MsgGetByMsgIdReq.id, getMessagesById(context)],

    [Commands.GroupNormalListRequest.id, listGroups(context)],
    [Commands.GroupInfoRequest.id, getGroupsInfo(context)],
    [Commands.GroupCreateRequest.id, createGroup(context)],
    [Commands.GroupChangeMemberRequest.id, changeMembers(context)],
    [Commands.GroupShieldGroupRequest.id, shieldGroup(context)],

    [Commands.FileRequest.id, sendFile(context)],
    [Commands.FileHasOfflineReq.id, listOfflineFiles(context)],
    [Commands.FileAddOfflineReq.id, addOfflineFile(context)],
    [Commands.FileDelOfflineReq.id, deleteOfflineFile(context)],

    [Commands.SwitchP2pCmd.id, sendP2pCommand(context)],

    [Commands.ExtPushSubscriptionReq.id, setPushSubscription(context)],
    [Commands.ExtListLoginsReq.id, listLogins(context)],
    [Commands.ExtEndLoginsReq.id, endLogins(context)],
  ]);
}

/** Commands that have a pace of their own or, as receipts, cost nothing. */
const unpaced = new Set<number>([
  Commands.LoginReqUserlogin.id,
  Commands.LoginReqLoginout.id,
  Commands.MsgData.id,
  Commands.MsgDataAck.id,
  Commands.SwitchP2pCmd.id,
]);

/** The handler of a command, held to the cost of its user's requests. */
function paced({ requestPace }: Context, commandId: number, handler: Handler): Handler {
  const cost = commandId === Commands.MsgReadAck.id ? costs.readMark : costs.request;
  return (connection, pdu) => {
    const now = performance.now();
    if (requestPace.throttles(connection, now)) return false;
    let isHandled = true;
    try {
      isHandled = handler(connection, pdu);
    } finally {
      if (isHandled) requestPace.charge(connection.userId, cost + pdu.body.length * costs.bodyByte, now);
    }
    return isHandled;
  };
}

/**
 * Dispatches each PDU to the handler of its command. Before the login only a login is accepted (heartbeats are echoed
 * by the connection); PDUs that are not understood are counted and ignored (client-behaviour.md#bad-pdus).
 */
export function dispatcher(context: Context): Handler {
  const handlers = new Map(
    [...handlerTable(context)].map(([id, handler]) => [
      id,
      unpaced.has(id) ? handler : paced(context, id, handler),
    ]),
  );
  const { metrics, kit } = context;

  const handle = (connection: Connection, pdu: Pdu): boolean => {
    if (connection.state === State.Fresh && pdu.commandId !== Commands.LoginReqUserlogin.id) {
      connection.end('before-login');
      return true;
    }
    const handler = handlers.get(pdu.commandId);
    if (handler) {
      const handled = handler(connection, pdu);
      if (handled) connection.goodPdu();
      return handled;
    }
    const direction = commandById(pdu.commandId)?.direction;
    if (direction === 'client-to-server' || direction === 'both') {
      metrics.badPdu(connection, 'not-served');
    } else {
      connection.badPdu('unknown-command');
    }
    return true;
  };

  return (connection, pdu) => {
    try {
      return handle(connection, pdu);
    } catch (error) {
      if (error instanceof BodyError) {
        connection.badPdu('body');
      } else {
        metrics.badPdu(connection, 'failed');
        kit.log.error({ err: error, command: commandLabel(pdu.commandId) }, 'handling PDU failed');
      }
      return true;
    }
  };
}
