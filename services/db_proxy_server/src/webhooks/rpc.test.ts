import { teamtalk } from '@teamtalk/bus';
import { httpApi } from '@teamtalk/rpc';
import { readMetrics, sumOf } from '@teamtalk/service-kit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
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
  const query = vi.spyOn(context.database.pool, 'query');
  expect(await claim()).toMatchObject({ events: [], noWebhooks: true });
  const asked = query.mock.calls.map(([statement]: unknown[]) => (statement as { name?: string }).name);
  expect(asked.filter((name) => name?.startsWith('webhook'))).toHaveLength(1);
  query.mockRestore();
  await addWebhook(database.dataSource, { name: 'idle', url: 'http://127.0.0.1:9/', events: ['group'] });
  expect(await claim()).toMatchObject({ events: [], noWebhooks: false });
  await removeWebhook(database.dataSource, 'idle');
  expect(await claim()).toMatchObject({ events: [], noWebhooks: true });
});

test.each([
  ['ftp://receiver.example/', 'no http or https URL'],
  // fetch rejects it every time, with an error that contains the password.
  ['http://name:secret@receiver.example/', 'must not contain a name or a password'],
  ['https://name@receiver.example/', 'must not contain a name or a password'],
])('a webhook URL that can never work is refused: %s', async (url, problem) => {
  await expect(addWebhook(database.dataSource, { name: 'never', url, events: ['group'] })).rejects.toThrow(
    problem,
  );
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

test('an event whose last attempt failed counts as a dead letter, one that is retried does not', async () => {
  await addWebhook(database.dataSource, { name: 'failing', url: 'http://127.0.0.1:9/', events: ['file'] });
  const rows: { eventId: number }[] = await database.dataSource.query(
    `INSERT INTO webhook_event (webhook_id, key, event, data, attempts)
      SELECT id, attempts, 'file', '{}', attempts FROM webhook, unnest(ARRAY[11, 12]) AS attempts
      WHERE name = 'failing' RETURNING id::float8 AS "eventId"`,
  );
  const outcomes = rows.map(({ eventId }) => ({ eventId, error: 'status 500' }));
  await webhooksRpc(context).finishEvents(new httpApi.api.FinishWebhookEventsRequest({ outcomes }));
  const samples = readMetrics(await context.kit.metrics.registry.metrics());
  expect(sumOf(samples, 'teamtalk_db_proxy_server_webhook_dead_letters_total', {})).toBe(1);
  await removeWebhook(database.dataSource, 'failing');
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
