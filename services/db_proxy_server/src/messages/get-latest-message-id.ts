import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { sessionKey } from './session-key.js';

/** The newest message's id in a conversation (0x030b); 0 when the user may see none. */
export function getLatestMessageId({
  messages,
}: Context): (request: teamtalk.db.SessionRequest) => Promise<teamtalk.db.LatestMessageId.$Properties> {
  return async (request) => ({ msgId: await messages.latestId(sessionKey(request)) });
}
