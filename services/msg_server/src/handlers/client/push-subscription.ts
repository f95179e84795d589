import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';

/** Milliseconds a logout waits for the subscription to be removed. */
const forgetMs = 2_000;

const label = commandLabel(Commands.ExtPushSubscriptionReq.id);

/**
 * 0x0801: where the browser of a web session takes Web Push messages; an empty subscription removes what this connection has
 * named before (client-behaviour.md#web-push-of-a-page).
 */
export function setPushSubscription(context: Context): Handler {
  const { metrics, pool } = context;
  return request(context, Commands.ExtPushSubscriptionReq, async (connection, message, seqNum) => {
    let done = false;
    if (connection.clientClass === 'web') {
      const { userId, pushDevice: formerDeviceId } = connection;
      const { subscription, locale, timeZone } = message;
      const fields = { userId, subscription, locale: locale ?? '', timeZone: timeZone ?? '', formerDeviceId };
      const reply = await pool.call(accounts.setPushSubscription, fields, queryMs);
      done = reply.done;
      if (done) connection.pushDevice = reply.deviceId;
    }
    if (!done) metrics.refused.inc({ command: label });
    const resultCode = done ? resultOk : resultRefused;
    return [encodePdu(Commands.ExtPushSubscriptionRsp, { resultCode }, seqNum)];
  });
}

/** Removes the subscription of a page that logs out. A failure is only logged and counted, so that the logout succeeds. */
export async function forgetPushSubscription(
  { kit, metrics, pool }: Context,
  { userId, pushDevice }: Connection,
): Promise<void> {
  if (pushDevice === 0) return;
  try {
    const fields = { userId, subscription: '', formerDeviceId: pushDevice };
    await pool.call(accounts.setPushSubscription, fields, forgetMs);
  } catch (error) {
    metrics.queriesFailed.inc({ command: commandLabel(Commands.LoginReqLoginout.id) });
    kit.log.warn({ err: error, userId }, 'removing push subscription failed');
  }
}
