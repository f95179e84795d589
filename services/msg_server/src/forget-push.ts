import { Commands } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Connection } from './connection/connection.js';
import type { Context } from './context.js';
import { commandLabel } from './metrics.js';

/** Milliseconds a logout waits for the store. */
const forgetMs = 2_000;

/**
 * Push forgets a client that is logged out: the token of a mobile one, the subscription of a page. A failure is only logged and
 * counted, so that the logout succeeds.
 */
export async function forgetPush({ kit, metrics, pool }: Context, connection: Connection): Promise<void> {
  const { userId, clientType, isMobile, pushDevice } = connection;
  try {
    if (isMobile) await pool.call(accounts.setDeviceToken, { userId, clientType, deviceToken: '' }, forgetMs);
    if (pushDevice !== 0) {
      const request = { userId, subscription: '', formerDeviceId: pushDevice };
      await pool.call(accounts.setPushSubscription, request, forgetMs);
    }
  } catch (error) {
    metrics.queriesFailed.inc({ command: commandLabel(Commands.LoginReqLoginout.id) });
    kit.log.warn({ err: error, userId }, 'clearing device token failed');
  }
}
