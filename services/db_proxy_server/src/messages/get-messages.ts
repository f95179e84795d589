import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { toMessageList } from './message-list.js';
import { sessionKey } from './session-key.js';

/** Ids one request may have (client-behaviour.md#messages-by-id). */
const maxIds = 100;

/**
 * Given messages of a conversation (0x030d; client-behaviour.md#messages-by-id): of the ids asked for the first 100,
 * less what does not exist or is not for this user.
 */
export function getMessages({
  messages,
}: Context): (request: teamtalk.db.MessagesByIdRequest) => Promise<teamtalk.db.MessageList.$Properties> {
  return async (request) => {
    const ids = request.msgIds.slice(0, maxIds);
    return toMessageList(await messages.byIds(sessionKey(request), ids));
  };
}
