import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { toMessageList } from './message-list.js';
import { sessionKey } from './session-key.js';

/** Most ids in one request (client-behaviour.md#messages-by-id). */
const maxIds = 100;

/**
 * Messages of a conversation by id (0x030d; client-behaviour.md#messages-by-id). Only the first 100 ids count; messages
 * that do not exist or that the user may not see are left out.
 */
export function getMessages({
  messages,
}: Context): (request: teamtalk.db.MessagesByIdRequest) => Promise<teamtalk.db.MessageList.$Properties> {
  return async (request) => {
    const ids = request.msgIds.slice(0, maxIds);
    return toMessageList(await messages.byIds(sessionKey(request), ids));
  };
}
