import { Commands, decodeBody, encodePdu } from '@teamtalk/protocol';
import type { Handler } from './handler.js';

/** 0x0105: answers 0x0106 and closes, after what the client sent before has its results. */
export const logOut: Handler = (connection, { body, seqNum }) => {
  if (connection.pendingWrites > 0) return false;
  decodeBody(Commands.LoginReqLoginout, body);
  connection.write(encodePdu(Commands.LoginResLoginout, { resultCode: 0 }, seqNum));
  connection.end('logout');
  return true;
};
