import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';

/** Longest avatar URL of a user or a group, characters. */
export const maxAvatarLength = 1_024;

/**
 * Changes a user's avatar (0x020c; client-behaviour.md#avatars-and-signatures); an empty URL removes it, one that is too
 * long is refused.
 */
export function changeAvatar({
  userSettings,
}: Context): (request: teamtalk.db.ChangeAvatarRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ userId, avatarUrl }) => ({
    done: isStorableText(avatarUrl, maxAvatarLength) && (await userSettings.setAvatar(userId, avatarUrl)),
  });
}
