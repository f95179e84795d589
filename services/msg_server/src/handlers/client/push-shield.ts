import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';

/** 0x010c: turns do-not-disturb on (1) or off (0); other values are refused (client-behaviour.md#do-not-disturb). */
export function setPushShield(context: Context): Handler {
  const { metrics, pool } = context;
  return request(context, Commands.LoginReqPushShield, async ({ userId }, { shieldStatus }, seqNum) => {
    const { done } = await pool.call(accounts.setPushShield, { userId, shieldStatus }, queryMs);
    if (done) {
      const answer = { userId, resultCode: resultOk, shieldStatus };
      return [encodePdu(Commands.LoginResPushShield, answer, seqNum)];
    }
    metrics.refused.inc({ command: commandLabel(Commands.LoginReqPushShield.id) });
    return [encodePdu(Commands.LoginResPushShield, { userId, resultCode: resultRefused }, seqNum)];
  });
}

/** 0x010e: whether do-not-disturb is on. */
export function getPushShield(context: Context): Handler {
  return request(context, Commands.LoginReqQueryPushShield, async ({ userId }, _message, seqNum) => {
    const { shieldStatus } = await context.pool.call(accounts.getPushShield, { userId }, queryMs);
    const answer = { userId, resultCode: resultOk, shieldStatus };
    return [encodePdu(Commands.LoginResQueryPushShield, answer, seqNum)];
  });
}
