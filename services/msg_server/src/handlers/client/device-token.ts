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
    const done =
      connection.isMobile &&
      ((await pool.call(accounts.setDeviceToken, { userId, clientType, deviceToken, clientVersion }, queryMs))
        .done ||
        // There was no token to clear.
        deviceToken === '');
    if (done) return [encodePdu(Commands.LoginResDevicetoken, { userId }, seqNum)];
    metrics.refused.inc({ command: label });
    metrics.builds.fault(connection, 'device-token');
    return [];
  });
}
