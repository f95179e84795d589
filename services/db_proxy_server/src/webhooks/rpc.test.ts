import { teamtalk } from '@teamtalk/bus';
import { httpApi } from '@teamtalk/rpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { recordPresence } from './record-presence.js';
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

test('events are claimed of the webhooks asked for only', async () => {
  const ids: number[] = [];
  for (const name of ['first', 'second']) {
    await addWebhook(database.dataSource, { name, url: 'http://127.0.0.1:9/', events: ['file'] });
    const [row] = await database.dataSource.query(
      `INSERT INTO webhook_event (webhook_id, key, event, data)
        SELECT id, name, 'file', '{}' FROM webhook WHERE name = $1 RETURNING webhook_id`,
      [name],
    );
    ids.push(row.webhook_id);
  }
  const claim = async (onlyWebhookIds: number[]) => {
    const request = new httpApi.api.ClaimWebhookEventsRequest({ limit: 10, perWebhook: 1, onlyWebhookIds });
    const { events } = await webhooksRpc(context).claimEvents(request);
    return events?.map(({ webhookId }) => webhookId);
  };
  expect(await claim([ids[1]!])).toEqual([ids[1]]);
  expect(await claim([])).toEqual([ids[0]]);
  for (const name of ['first', 'second']) await removeWebhook(database.dataSource, name);
});

test('a change of presence is stored, though another one beside it is of nobody', async () => {
  await addWebhook(database.dataSource, { name: 'watch', url: 'http://127.0.0.1:9/', events: ['presence'] });
  await recordPresence(context)(
    new teamtalk.bus.StatusChanges({
      changes: [
        { userId: 2 ** 32 - 1, status: 1 },
        { userId: 7, status: 1 },
      ],
    }),
  );
  const rows = await database.dataSource.query('SELECT data FROM webhook_event');
  expect(rows).toEqual([{ data: { user_id: 7, online: true } }]);
});
