import { ClientType } from '@teamtalk/protocol';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';

const { IOS, ANDROID } = ClientType;
const ann = 1;
const bob = 2;
const phone = 'ab'.repeat(32);
const actor = { name: 'app mobile', asUser: 0, source: '10.0.0.1' };

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
  await database.dataSource.query('DELETE FROM device_token');
  await database.dataSource.query('DELETE FROM push_device');
});

const fields = (provider: string, token: string, rest: object = {}) => ({
  provider,
  token,
  app: '',
  locale: '',
  timeZone: '',
  ...rest,
});

const register = (userId: number, provider: string, token: string, rest: object = {}) =>
  context.deviceRegistrations.register(userId, fields(provider, token, rest), actor);

const byCommand = (userId: number, clientType: number, token: string) =>
  context.pushDevices.set(userId, clientType, token, '2.0');

function devices(): Promise<Record<string, unknown>[]> {
  return database.dataSource.query(
    'SELECT user_id, provider, token, locale FROM push_device ORDER BY user_id, provider',
  );
}

function events(): Promise<Record<string, unknown>[]> {
  return database.dataSource.query(
    `SELECT actor, verb, resource, before::text AS before FROM audit_event WHERE verb LIKE 'device.%' ORDER BY id`,
  );
}

const subscription = (endpoint: string, rest: object = {}) =>
  JSON.stringify({
    endpoint,
    expirationTime: null,
    keys: {
      p256dh: Buffer.concat([Buffer.of(4), Buffer.alloc(64, 7)]).toString('base64url'),
      auth: Buffer.alloc(16).toString('base64url'),
    },
    ...rest,
  });

test('registering a token takes it from its former user, and only changes are audited', async () => {
  const known = (await events()).length;
  expect(await register(ann, 'apns', phone)).toMatchObject({ result: 'saved' });
  expect(await register(ann, 'apns', phone.toUpperCase(), { locale: 'en' })).toMatchObject({
    result: 'saved',
  });
  expect(await devices()).toEqual([{ user_id: ann, provider: 'apns', token: phone, locale: 'en' }]);
  expect(await register(bob, 'apns', phone)).toMatchObject({ result: 'saved' });
  expect(await devices()).toEqual([{ user_id: bob, provider: 'apns', token: phone, locale: '' }]);
  expect((await events()).slice(known)).toEqual([
    { actor: 'app mobile', verb: 'device.add', resource: 'user 1', before: null },
    { actor: 'app mobile', verb: 'device.add', resource: 'user 2', before: '{"user_id":1}' },
  ]);
});

test('a phone belongs to one user, whether its client or an app registers it and whichever provider is named', async () => {
  await byCommand(ann, ANDROID, 'cRk:APA91b');
  await register(bob, 'fcm', 'cRk:APA91b');
  expect(await devices()).toMatchObject([{ user_id: bob, provider: 'fcm' }]);
  expect(await database.dataSource.query('SELECT FROM device_token')).toEqual([]);
  await byCommand(ann, ANDROID, 'cRk:APA91b');
  expect(await devices()).toMatchObject([{ user_id: ann, provider: 'android' }]);

  await register(bob, 'unifiedpush', subscription('https://push.example.com/x'));
  const escaped = subscription('https://push.example.com/x').replaceAll('/', '\\/');
  await byCommand(ann, ANDROID, `unifiedpush:${escaped}`);
  expect(await devices()).toMatchObject([{ user_id: ann, provider: 'unifiedpush' }]);
  await register(bob, 'webpush', subscription('https://push.example.com/x', { expirationTime: 5 }));
  expect(await devices()).toMatchObject([{ user_id: bob, provider: 'webpush' }]);
});

test('a client’s token keeps what an app registered about the device, and a logout removes it', async () => {
  await register(ann, 'fcm', 'cRk:APA91b', { locale: 'en', timeZone: 'Europe/Berlin' });
  await byCommand(ann, ANDROID, 'cRk:APA91b');
  expect(await devices()).toEqual([{ user_id: ann, provider: 'fcm', token: 'cRk:APA91b', locale: 'en' }]);
  await context.pushDevices.forget(ann, ANDROID);
  expect(await devices()).toEqual([]);
});

test('registering a device again revives it after it was given up', async () => {
  await register(ann, 'apns', phone);
  await database.dataSource.query(`UPDATE push_device SET failure = 'Unregistered'`);
  await register(ann, 'apns', phone);
  expect(await context.deviceRegistrations.list(ann)).toMatchObject([{ failure: null }]);
});

test('of many devices of a user, those seen last and those of clients are kept', async () => {
  await byCommand(ann, IOS, phone);
  for (let i = 0; i < 23; i++) await register(ann, 'fcm', `token-${i}`);
  const listed = await context.deviceRegistrations.list(ann);
  expect(listed).toHaveLength(21);
  expect(listed?.map(({ token }) => token)).toEqual(
    expect.arrayContaining(['token-22', 'token-3', 'abababab']),
  );
});

test('removing a device also removes its client’s token, and only works for the user’s own devices', async () => {
  await byCommand(ann, IOS, phone);
  const [device] = (await context.deviceRegistrations.list(ann)) ?? [];
  expect(await context.deviceRegistrations.remove(bob, device!.id, actor)).toEqual({ result: 'not-found' });
  expect(await context.deviceRegistrations.remove(ann, device!.id, actor)).toMatchObject({ result: 'saved' });
  expect(await devices()).toEqual([]);
  expect(await database.dataSource.query('SELECT FROM device_token')).toEqual([]);
});

test('users who have left have no devices', async () => {
  expect(await register(3, 'apns', phone)).toEqual({ result: 'not-found' });
  expect(await context.deviceRegistrations.list(3)).toBeUndefined();
  expect(await context.deviceRegistrations.decisions(99)).toBeUndefined();
});

test.each([
  ['apns', 'ab', {}],
  ['fcm', 'with blanks', {}],
  ['fcm', '', {}],
  ['pager', 'x', {}],
  ['webpush', subscription('http://push.example.com/x'), {}],
  ['webpush', 'null', {}],
  [
    'webpush',
    JSON.stringify({ endpoint: 'https://push.example.com/x', keys: { p256dh: 'BA', auth: 'AA' } }),
    {},
  ],
  ['fcm', 'x', { timeZone: 'Mars/Olympus' }],
  ['fcm', 'x', { app: 'a\0b' }],
])('%s %s %o is refused', async (provider, token, rest) => {
  await expect(register(ann, provider, token, rest)).rejects.toMatchObject({ code: 'invalid-argument' });
  expect(await devices()).toEqual([]);
});

test('of two users who register the same token concurrently, only one has it', async () => {
  for (let i = 0; i < 20; i++) {
    await Promise.allSettled([
      register(ann, 'apns', phone),
      register(bob, 'apns', phone),
      byCommand(ann, IOS, phone),
    ]);
    expect(await devices()).toHaveLength(1);
  }
});
