import { broadcastOperations } from '../handlers/v1/broadcasts.js';
import { messageOperations } from '../handlers/v1/messages.js';
import type { Operation } from './operation.js';

/** Everything below /v1, in the order the document shows it. */
export const operations: readonly Operation[] = [...messageOperations, ...broadcastOperations];
