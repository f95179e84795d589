import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';

/** Longest signature, characters (client-behaviour.md#avatars-and-signatures). */
const maxSignatureLength = 128;

/** A user's own signature (0x0213). Not done, and the old one stays: it is too long. Empty: none. */
export function changeSignature({
  userSettings,
}: Context): (request: teamtalk.db.ChangeSignatureRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ userId, signInfo }) => ({
    done: isStorableText(signInfo, maxSignatureLength) && (await userSettings.setSignature(userId, signInfo)),
  });
}
