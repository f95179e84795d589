import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isSwitch } from '../database/switch.js';

/** The do-not-disturb switch (0x010c; client-behaviour.md#do-not-disturb). Values other than 0 and 1 are refused. */
export function setPushShield({
  userSettings,
}: Context): (request: teamtalk.db.PushShieldRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ userId, shieldStatus }) => ({
    done: isSwitch(shieldStatus) && (await userSettings.setPushShield(userId, shieldStatus === 1)),
  });
}
