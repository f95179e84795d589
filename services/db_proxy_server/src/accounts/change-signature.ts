import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';

/** Longest signature, characters (client-behaviour.md#avatars-and-signatures). */
const maxSignatureLength = 128;

/** Changes a user's signature (0x0213); an empty one removes it, one that is too long is refused. */
export function changeSignature({
  userSettings,
}: Context): (request: teamtalk.db.ChangeSignatureRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ userId, signInfo }) => ({
    done: isStorableText(signInfo, maxSignatureLength) && (await userSettings.setSignature(userId, signInfo)),
  });
}
