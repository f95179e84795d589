// What needs no cluster of its own. A part alone: `npx vitest run tests/e2e/src/one-cluster -t 'settings'`.
import { afterAll, beforeAll, describe } from 'vitest';
import { cluster, start } from './cluster.js';

beforeAll(start);
afterAll(() => cluster?.stop());

describe('login', () => import('./login.js'));
describe('settings', () => import('./settings.js'));
describe('conversation', () => import('./conversation.js'));
describe('groups', () => import('./groups.js'));
describe('leaving groups', () => import('./leaving-groups.js'));
describe('push', () => import('./push.js'));
// Stops the file_servers.
describe('signals', () => import('./signals.js'));
