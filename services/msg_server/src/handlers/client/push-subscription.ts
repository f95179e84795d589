import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';

const label = commandLabel(Commands.ExtPushSubscriptionReq.id);

/**
 * 0x0801: sets where the browser of a web session receives Web Push messages. An empty subscription removes the one that this
 * connection has set (client-behaviour.md#web-push-of-a-page).
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
