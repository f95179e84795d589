import { Commands, commandById, type PduFrame } from '@teamtalk/protocol';
import type { Connection } from '../connection/connection.js';
import type { Context } from '../context.js';
import { echoHeartbeat } from './echo-heartbeat.js';
import { logIn } from './log-in.js';
import { pullData, type TransferHandler, takeData, takeState } from './transfer.js';

const transferHandlers = new Map<number, TransferHandler>([
  [Commands.FileState.id, takeState],
  [Commands.FilePullDataReq.id, pullData],
  [Commands.FilePullDataRsp.id, takeData],
]);

/**
 * Dispatches each PDU to the handler of its command. Before the login only the login and the heartbeat are served; any
 * other command closes the connection. A second login is ignored; unknown commands are counted and ignored
 * (client-behaviour.md#commands-before-login). A PDU's bytes are valid only during the call.
 */
export function dispatcher(context: Context): (connection: Connection, pdu: PduFrame) => void {
  const login = logIn(context);
  return (connection, pdu) => {
    const { commandId } = pdu;
    const { participant } = connection;
    const handler = transferHandlers.get(commandId);
    if (commandId === Commands.OtherHeartbeat.id) connection.write(echoHeartbeat(pdu));
    else if (participant && handler) handler(connection, participant, pdu);
    else if (commandId === Commands.FileLoginReq.id) {
      if (!participant) login(connection, pdu);
    } else if (participant || !commandById(commandId)) connection.badPdu();
    else connection.destroy('not_logged_in');
  };
}
