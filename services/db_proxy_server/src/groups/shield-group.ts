import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isSwitch } from '../database/switch.js';

/**
 * Mutes or unmutes a group for one member (0x0409; client-behaviour.md#muted-groups), without changing the group's
 * version. Non-members, and values other than 0 and 1, are refused.
 */
export function shieldGroup({
  groups,
}: Context): (request: teamtalk.db.ShieldGroupRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ userId, groupId, shieldStatus }) => ({
    done: isSwitch(shieldStatus) && (await groups.setShield(groupId, userId, shieldStatus === 1)),
  });
}
