import { Commands, encodePdu } from '@teamtalk/protocol';
import { groups } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request, resultOk, resultRefused } from './handler.js';

/** 0x0409: mutes (1) or unmutes (0) push for a group; members only (client-behaviour.md#muted-groups). */
export function shieldGroup(context: Context): Handler {
  const { metrics, pool } = context;
  return request(context, Commands.GroupShieldGroupRequest, async ({ userId }, message, seqNum) => {
    const { groupId, shieldStatus } = message;
    const { done } = await pool.call(groups.shieldGroup, { userId, groupId, shieldStatus }, queryMs);
    if (!done) metrics.refused.inc({ command: commandLabel(Commands.GroupShieldGroupRequest.id) });
    const answer = { userId, groupId, resultCode: done ? resultOk : resultRefused };
    return [encodePdu(Commands.GroupShieldGroupResponse, answer, seqNum)];
  });
}
