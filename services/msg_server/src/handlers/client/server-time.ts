import { Commands, decodeBody, encodePdu } from '@teamtalk/protocol';
import type { Handler } from './handler.js';

/** 0x0305: the server's time, Unix seconds. */
export const getServerTime: Handler = (connection, { body, seqNum }) => {
  decodeBody(Commands.MsgTimeRequest, body);
  connection.write(encodePdu(Commands.MsgTimeResponse, { serverTime: unixSeconds() }, seqNum));
  return true;
};

export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
