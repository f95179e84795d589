import type { Handler } from './api/call.js';
import { changeMembers } from './handlers/change-members.js';
import { createGroup } from './handlers/create-group.js';
import { sendP2pMessage } from './handlers/send-p2p-message.js';

/** The interfaces of the API, by path; all of them are POST. */
export const routes: Readonly<Record<string, Handler>> = {
  '/query/SendP2PMessage': sendP2pMessage,
  '/query/CreateGroup': createGroup,
  '/query/ChangeMembers': changeMembers,
};
