// Tests that need no cluster of their own. To run some of them: `npx vitest run tests/e2e/src/one-cluster -t 'settings'`.
import { afterAll, beforeAll, describe } from 'vitest';
import { cluster, start } from './cluster.js';

beforeAll(start);
afterAll(() => cluster?.stop());

describe.each([
  ['login', () => import('./login.js')],
  ['web sessions', () => import('./web-sessions.js')],
  ['settings', () => import('./settings.js')],
  ['conversation', () => import('./conversation.js')],
  ['groups', () => import('./groups.js')],
  ['leaving groups', () => import('./leaving-groups.js')],
  ['push', () => import('./push.js')],
  ['unread', () => import('./unread.js')],
  // Stops the file_servers.
  ['signals', () => import('./signals.js')],
] as const)('%s', async (_, part) => void (await part()));
