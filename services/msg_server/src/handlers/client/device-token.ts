import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request } from './handler.js';

/** Milliseconds a logout waits for the token to be forgotten. */
const forgetMs = 2_000;

const label = commandLabel(Commands.LoginReqDevicetoken.id);

/**
 * 0x0108: where push reaches this mobile client from now on; an empty token forgets it. From a PC client,
 * and with a token that cannot be kept, it has no effect and no answer: 0x0109 could not say so (protocol
 * notes, section 3). The client type is that of the login.
 */
export function setDeviceToken(context: Context): Handler {
  const { metrics, pool } = context;
  return request(context, Commands.LoginReqDevicetoken, async (connection, { deviceToken }, seqNum) => {
    const { userId, clientType } = connection;
    const done =
      connection.isMobile &&
      ((await pool.call(accounts.setDeviceToken, { userId, clientType, deviceToken }, queryMs)).done ||
        // There was none to forget.
        deviceToken === '');
    if (done) return [encodePdu(Commands.LoginResDevicetoken, { userId }, seqNum)];
    metrics.refused.inc({ command: label });
    return [];
  });
}

/** Forgets the token of a client that logs out. It may log out also when that fails. */
export async function forgetDeviceToken(
  { kit, metrics, pool }: Context,
  { userId, clientType }: Connection,
): Promise<void> {
  try {
    await pool.call(accounts.setDeviceToken, { userId, clientType, deviceToken: '' }, forgetMs);
  } catch (error) {
    metrics.queriesFailed.inc({ command: commandLabel(Commands.LoginReqLoginout.id) });
    kit.log.warn({ err: error, userId }, 'clearing device token failed');
  }
}
