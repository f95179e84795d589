import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { sessionKey } from './session-key.js';

/**
 * Takes a session off a user's list, its unread count with it, until a later message (0x0206; protocol
 * notes, section 5). Done also when it was off the list already; not done: he has no such conversation.
 */
export function removeSession({
  sessions,
}: Context): (request: teamtalk.db.SessionRequest) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async (request) => ({ done: await sessions.remove(sessionKey(request)) });
}
