import type { LegacyEndpoint } from './call.js';
import { changeMembers } from './change-members.js';
import { createGroup } from './create-group.js';
import { sendBroadcastMessage } from './send-broadcast-message.js';
import { sendGroupMessage, sendP2pMessage, sendSingleMessage } from './send-p2p-message.js';

/** The legacy endpoints, by path. */
export const endpoints: Readonly<Record<string, LegacyEndpoint>> = {
  '/query/SendP2PMessage': { permission: 'p2p', handle: sendP2pMessage },
  '/query/SendSingleMessage': { permission: 'p2p', handle: sendSingleMessage },
  '/query/SendGroupMessage': { permission: 'p2p', handle: sendGroupMessage },
  '/query/SendBroadCastMessage': { permission: 'broadcast', handle: sendBroadcastMessage },
  '/query/CreateGroup': { permission: 'group', administration: 'groups:admin', handle: createGroup },
  '/query/ChangeMembers': { permission: 'group', administration: 'groups:admin', handle: changeMembers },
};
