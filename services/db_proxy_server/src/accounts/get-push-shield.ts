import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';

/** The do-not-disturb switch (0x010e; client-behaviour.md#do-not-disturb); off for unknown users. */
export function getPushShield({
  userSettings,
}: Context): (request: teamtalk.db.UserRequest) => Promise<teamtalk.db.PushShield.$Properties> {
  return async ({ userId }) => ({ shieldStatus: (await userSettings.pushShield(userId)) ? 1 : 0 });
}
