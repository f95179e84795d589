import { Commands, encodePdu } from '@teamtalk/protocol';
import type { Context } from '../../context.js';
import { forgetPush } from '../../forget-push.js';
import { type Handler, request, resultOk } from './handler.js';

/**
 * 0x0105: clears a mobile client's device token, or a page's push subscription, answers 0x0106 and closes, once the client's
 * their results.
 */
export function logOut(context: Context): Handler {
  return request(context, Commands.LoginReqLoginout, async (connection, _message, seqNum) => {
    await forgetPush(context, connection);
    connection.write(encodePdu(Commands.LoginResLoginout, { resultCode: resultOk }, seqNum));
    connection.end('logout');
    return [];
  });
}
