import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isSwitch } from '../database/switch.js';

/**
 * No push for a group, or push again (0x0409; client-behaviour.md#muted-groups). It is the member's setting and no
 * change of the group: the version stays. Not done: he is no member, or neither 0 nor 1.
 */
export function shieldGroup({
  groups,
}: Context): (request: teamtalk.db.ShieldGroupRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ userId, groupId, shieldStatus }) => ({
    done: isSwitch(shieldStatus) && (await groups.setShield(groupId, userId, shieldStatus === 1)),
  });
}
