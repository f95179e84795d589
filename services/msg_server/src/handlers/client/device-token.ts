import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request } from './handler.js';

const label = commandLabel(Commands.LoginReqDevicetoken.id);

/**
 * 0x0108: sets the push token of this mobile client; an empty token clears it. From a PC client, or with an invalid
 * token, it has no effect and no response, because 0x0109 cannot report a failure (client-behaviour.md#device-token).
 */
export function setDeviceToken(context: Context): Handler {
  const { metrics, pool } = context;
  return request(context, Commands.LoginReqDevicetoken, async (connection, { deviceToken }, seqNum) => {
    const { userId, clientType, clientVersion } = connection;
    const wanted = { userId, clientType, deviceToken, clientVersion };
    const reply = connection.isMobile && (await pool.call(accounts.setDeviceToken, wanted, queryMs));
    // An empty one: there may have been no token to clear.
    const done = reply && (reply.done || deviceToken === '');
    if (!done || reply.unusable) metrics.builds.fault(connection, 'device-token');
    if (done) return [encodePdu(Commands.LoginResDevicetoken, { userId }, seqNum)];
    metrics.refused.inc({ command: label });
    return [];
  });
}
