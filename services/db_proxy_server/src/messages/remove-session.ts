import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { sessionKey } from './session-key.js';

/**
 * Removes a session and its unread count from a user's list until a later message (0x0206;
 * client-behaviour.md#recent-sessions). Succeeds also when it was already removed; fails without such a conversation.
 */
export function removeSession({
  sessions,
}: Context): (request: teamtalk.db.SessionRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async (request) => ({ done: await sessions.remove(sessionKey(request)) });
}
