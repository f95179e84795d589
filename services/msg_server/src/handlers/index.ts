import { BodyError, Commands, commandById, type Pdu } from '@teamtalk/protocol';
import { type Connection, State } from '../connection/connection.js';
import type { Context } from '../context.js';
import { commandLabel } from '../metrics.js';
import { listAllUsers } from './all-users.js';
import type { Handler } from './handler.js';
import { getLatestMessageId } from './latest-message-id.js';
import { logIn } from './login.js';
import { logOut } from './logout.js';
import { getMessageHistory } from './message-history.js';
import { getMessagesById } from './messages-by-id.js';
import { readMessage } from './read-message.js';
import { receiveReceipt } from './receive-receipt.js';
import { listRecentSessions } from './recent-sessions.js';
import { sendMessage } from './send-message.js';
import { tellServerTime } from './server-time.js';
import { getUnreadCount } from './unread-count.js';
import { getUsersInfo } from './users-info.js';
import { getUsersStatus } from './users-status.js';

function handlerTable(context: Context): Map<number, Handler> {
  return new Map([
    [Commands.LoginReqUserlogin.id, logIn(context)],
    [Commands.LoginReqLoginout.id, logOut],
    [Commands.MsgData.id, sendMessage(context)],
    [Commands.MsgDataAck.id, receiveReceipt],
    [Commands.MsgReadAck.id, readMessage(context)],
    [Commands.MsgTimeRequest.id, tellServerTime],
    [Commands.MsgUnreadCntRequest.id, getUnreadCount(context)],
    [Commands.MsgListRequest.id, getMessageHistory(context)],
    [Commands.MsgGetLatestMsgIdReq.id, getLatestMessageId(context)],
    [Commands.MsgGetByMsgIdReq.id, getMessagesById(context)],
    [Commands.BuddyListRecentContactSessionRequest.id, listRecentSessions(context)],
    [Commands.BuddyListAllUserRequest.id, listAllUsers(context)],
    [Commands.BuddyListUserInfoRequest.id, getUsersInfo(context)],
    [Commands.BuddyListUsersStatusRequest.id, getUsersStatus(context)],
  ]);
}

/**
 * Gives each PDU to the handler of its command. Before the login only a login is taken (heartbeats never
 * get here); what is not understood is counted and ignored (protocol notes, section 1).
 */
export function dispatcher(context: Context): Handler {
  const handlers = handlerTable(context);
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
      metrics.badPdus.inc({ reason: 'not-served' });
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
        metrics.badPdus.inc({ reason: 'failed' });
        kit.log.error({ err: error, command: commandLabel(pdu.commandId) }, 'a PDU could not be handled');
      }
      return true;
    }
  };
}
