import type { httpApi } from '@teamtalk/rpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { webhooksRpc } from './rpc.js';
import { addWebhook, removeWebhook } from './webhooks.js';

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
});
afterAll(async () => {
  await context.close();
  await database.drop();
});

test('a claim tells when there is no webhook at all, so that the next one may come later', async () => {
  const { claimEvents } = webhooksRpc(context);
  const claim = () =>
    claimEvents({
      limit: 10,
      perWebhook: 10,
      busyWebhookIds: [],
    } as unknown as httpApi.api.ClaimWebhookEventsRequest);
  expect(await claim()).toMatchObject({ events: [], noWebhooks: true });
  await addWebhook(database.dataSource, { name: 'idle', url: 'http://127.0.0.1:9/', events: ['group'] });
  expect(await claim()).toMatchObject({ events: [], noWebhooks: false });
  await removeWebhook(database.dataSource, 'idle');
  expect(await claim()).toMatchObject({ events: [], noWebhooks: true });
});
