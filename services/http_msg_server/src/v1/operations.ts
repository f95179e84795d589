import { botOperations } from './bots.js';
import { broadcastOperations } from './broadcasts.js';
import { conversationOperations } from './conversations.js';
import { departmentOperations } from './departments.js';
import { deviceOperations } from './devices.js';
import { discoveryOperations } from './discovery.js';
import { groupOperations } from './groups.js';
import { hookOperations } from './hooks.js';
import { messageOperations } from './messages.js';
import type { Operation } from './operation.js';
import { presenceOperations } from './presence.js';
import { sessionOperations } from './sessions.js';
import { userOperations } from './users.js';

/** All operations of /v1, in the order of the OpenAPI document. */
export const operations: readonly Operation[] = [
  ...messageOperations,
  ...broadcastOperations,
  ...conversationOperations,
  ...groupOperations,
  ...userOperations,
  ...departmentOperations,
  ...presenceOperations,
  ...sessionOperations,
  ...deviceOperations,
  ...botOperations,
  ...hookOperations,
  ...discoveryOperations,
];
