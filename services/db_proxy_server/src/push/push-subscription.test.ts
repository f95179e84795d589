import { createECDH } from 'node:crypto';
import { ClientType } from '@teamtalk/protocol';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { setPushSubscription } from './push-subscription.js';

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash, status)
     VALUES (1, 'ann', '', 0), (2, 'bob', '', 0), (3, 'gone', '', 3)`,
  );
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(async () => {
  await database.dataSource.query('DELETE FROM push_device');
});

const subscription = (name: string) =>
  JSON.stringify({
    endpoint: `https://push.example.com/${name}`,
    expirationTime: null,
    keys: {
      p256dh: createECDH('prime256v1').generateKeys('base64url'),
      auth: Buffer.alloc(16).toString('base64url'),
    },
  });

const set = async (userId: number, text: string, rest: object = {}) =>
  setPushSubscription(context)({
    userId,
    subscription: text,
    locale: 'en',
    timeZone: '',
    formerDeviceId: 0,
    ...rest,
  } as Parameters<ReturnType<typeof setPushSubscription>>[0]);

const devices = (): Promise<{ user_id: number; name: string }[]> =>
  database.dataSource.query(
    `SELECT user_id, provider, locale, substring(token FROM 'example.com/([a-z]+)') AS name FROM push_device ORDER BY id`,
  );

test('each browser of a user is a device; a new subscription replaces the browser’s former one', async () => {
  const laptop = await set(1, subscription('laptop'));
  const desk = await set(1, subscription('desk'));
  expect([laptop, desk]).toMatchObject([{ done: true }, { done: true }]);
  const { deviceId } = laptop as { deviceId: number };
  await set(1, subscription('renewed'), { formerDeviceId: deviceId });
  const row = { user_id: 1, provider: 'webpush', locale: 'en' };
  expect(await devices()).toEqual([
    { ...row, name: 'desk' },
    { ...row, name: 'renewed' },
  ]);
});

test('repeating a subscription keeps the device, and an empty one removes it', async () => {
  const { deviceId } = (await set(1, subscription('laptop'))) as { deviceId: number };
  expect(await set(1, subscription('laptop'), { formerDeviceId: deviceId })).toEqual({
    done: true,
    deviceId,
  });
  expect(await set(2, '', { formerDeviceId: deviceId })).toMatchObject({ done: true });
  expect(await devices()).toMatchObject([{ user_id: 1 }]);
  expect(await set(1, '', { formerDeviceId: deviceId })).toEqual({ done: true, deviceId: 0 });
  expect(await devices()).toEqual([]);
});

test('a browser belongs to the user who logged in last, without audit events', async () => {
  await set(1, subscription('shared'));
  await set(2, subscription('shared'));
  expect(await devices()).toMatchObject([{ user_id: 2 }]);
  expect(await database.dataSource.query("SELECT FROM audit_event WHERE verb LIKE 'device.%'")).toEqual([]);
});

test.each(['x', '{}', subscription('plain').replace('https:', 'http:'), `"${'x'.repeat(5_000)}"`])(
  'an invalid subscription is refused: %.20s',
  async (text) => {
    expect(await set(1, text)).toEqual({ done: false });
    expect(await devices()).toEqual([]);
  },
);

test('users who have left and unknown time zones are refused', async () => {
  expect(await set(3, subscription('left'))).toEqual({ done: false });
  expect(await set(1, subscription('far'), { timeZone: 'Nowhere/Land' })).toEqual({ done: false });
});

test('logging out everywhere else keeps only the user’s current device', async () => {
  const { deviceId } = (await set(1, subscription('here'))) as { deviceId: number };
  await set(1, subscription('there'));
  await set(2, subscription('other'));
  await context.pushDevices.set(1, ClientType.IOS, 'ab'.repeat(32), '2.0');
  await context.deviceRegistrations.forgetOthers(1, deviceId);
  expect((await devices()).map(({ name }) => name)).toEqual(['here', 'other']);
  expect(await database.dataSource.query('SELECT FROM device_token')).toEqual([]);
  await context.deviceRegistrations.forgetOthers(1, 0);
  expect((await devices()).map(({ name }) => name)).toEqual(['other']);
});
