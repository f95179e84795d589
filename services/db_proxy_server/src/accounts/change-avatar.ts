import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';

/** Longest URL of a picture, of a user or a group, characters. */
export const maxAvatarLength = 1_024;

/** A user's own picture (0x020c; client-behaviour.md#avatars-and-signatures). Not done: the URL is too long. Empty: none. */
export function changeAvatar({
  userSettings,
}: Context): (request: teamtalk.db.ChangeAvatarRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ userId, avatarUrl }) => ({
    done: isStorableText(avatarUrl, maxAvatarLength) && (await userSettings.setAvatar(userId, avatarUrl)),
  });
}
