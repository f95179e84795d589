import type { Interface } from './api/call.js';
import { changeMembers } from './handlers/change-members.js';
import { createGroup } from './handlers/create-group.js';
import { sendBroadcastMessage } from './handlers/send-broadcast-message.js';
import { sendGroupMessage, sendP2pMessage, sendSingleMessage } from './handlers/send-p2p-message.js';

/** The legacy interfaces, by path. */
export const interfaces: Readonly<Record<string, Interface>> = {
  '/query/SendP2PMessage': { permission: 'p2p', handle: sendP2pMessage },
  '/query/SendSingleMessage': { permission: 'p2p', handle: sendSingleMessage },
  '/query/SendGroupMessage': { permission: 'p2p', handle: sendGroupMessage },
  '/query/SendBroadCastMessage': { permission: 'broadcast', handle: sendBroadcastMessage },
  '/query/CreateGroup': { permission: 'group', handle: createGroup },
  '/query/ChangeMembers': { permission: 'group', handle: changeMembers },
};
