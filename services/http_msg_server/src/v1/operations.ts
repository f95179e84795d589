import { broadcastOperations } from '../handlers/v1/broadcasts.js';
import { conversationOperations } from '../handlers/v1/conversations.js';
import { departmentOperations } from '../handlers/v1/departments.js';
import { discoveryOperations } from '../handlers/v1/discovery.js';
import { groupOperations } from '../handlers/v1/groups.js';
import { messageOperations } from '../handlers/v1/messages.js';
import { presenceOperations } from '../handlers/v1/presence.js';
import { userOperations } from '../handlers/v1/users.js';
import type { Operation } from './operation.js';

/** Everything below /v1, in the order the document shows it. */
export const operations: readonly Operation[] = [
  ...messageOperations,
  ...broadcastOperations,
  ...conversationOperations,
  ...groupOperations,
  ...userOperations,
  ...departmentOperations,
  ...presenceOperations,
  ...discoveryOperations,
];
