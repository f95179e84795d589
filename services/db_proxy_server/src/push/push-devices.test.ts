import { ClientType } from '@teamtalk/protocol';
import { readMetrics, sumOf } from '@teamtalk/service-kit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';

const { IOS, ANDROID } = ClientType;
const ann = 1;
const bob = 2;
const phone = 'ab'.repeat(32);
const other = 'cd'.repeat(32);

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash) VALUES (1, 'ann', ''), (2, 'bob', '')`,
  );
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(() => database.dataSource.query('DELETE FROM device_token'));

function send(userId: number, clientType: number, token: string, version = '2.0') {
  return context.pushDevices.set(userId, clientType, token, version);
}

function devices(): Promise<Record<string, unknown>[]> {
  return database.dataSource.query(
    'SELECT user_id, provider, token, client_version, failure FROM push_device ORDER BY user_id, provider',
  );
}

test('0x0108 makes a device of each token, whose provider is that of the system or named by a prefix', async () => {
  await send(ann, IOS, phone.toUpperCase());
  await send(ann, ANDROID, 'hms:AbC');
  await send(bob, ANDROID, 'cRk:APA91b');
  expect(await devices()).toEqual([
    { user_id: ann, provider: 'apns', token: phone, client_version: '2.0', failure: null },
    { user_id: ann, provider: 'hms', token: 'AbC', client_version: '2.0', failure: null },
    { user_id: bob, provider: 'android', token: 'cRk:APA91b', client_version: '2.0', failure: null },
  ]);
  await send(bob, ANDROID, 'mi:reg');
  expect((await devices())[2]).toMatchObject({ provider: 'xiaomi', token: 'reg' });
});

test.each(['fcm', 'hms', 'honor', 'mi', 'oppo', 'vivo', 'unifiedpush'])('%s: is a prefix', async (prefix) => {
  await send(bob, ANDROID, `${prefix}:a-token`);
  const provider = prefix === 'mi' ? 'xiaomi' : prefix;
  expect(await devices()).toMatchObject([{ provider, token: 'a-token', failure: null }]);
});

test('a token that another user sends leaves the former one, whichever way it is written', async () => {
  await send(ann, IOS, phone);
  await send(bob, IOS, phone.toUpperCase());
  expect(await devices()).toMatchObject([{ user_id: bob, token: phone }]);
  // Ann's token of the command is another text, so it is still hers there. Logging out takes nothing from Bob.
  await context.pushDevices.forget(ann, IOS);
  expect(await devices()).toMatchObject([{ user_id: bob, token: phone }]);
});

test('two users who send one token at the same time do not both have it', async () => {
  for (let i = 0; i < 20; i++) {
    expect(await Promise.all([send(ann, IOS, phone), send(bob, IOS, phone)])).toEqual([
      { usable: true },
      { usable: true },
    ]);
    expect(await devices()).toHaveLength(1);
  }
});

test('the version before sets and clears tokens beside this one', async () => {
  const set = (userId: number, token: string) =>
    database.dataSource.query(
      `INSERT INTO device_token (user_id, client_type, token) VALUES ($1, ${IOS}, $2)
       ON CONFLICT (user_id, client_type) DO UPDATE SET token = excluded.token, updated_at = now()`,
      [userId, token],
    );
  await set(ann, phone);
  await send(bob, IOS, other);
  expect(await devices()).toMatchObject([
    { user_id: ann, token: phone, client_version: '' },
    { user_id: bob, token: other },
  ]);
  await set(ann, other);
  expect(await devices()).toMatchObject([{ user_id: ann, token: other }]);
  await database.dataSource.query('DELETE FROM device_token WHERE user_id = $1', [ann]);
  expect(await devices()).toEqual([]);
});

test('the shortened description that iOS 13 gives in place of a token is kept as unusable, and counted', async () => {
  const counted = async (usable: boolean) =>
    sumOf(
      readMetrics(await context.kit.metrics.registry.metrics()),
      'teamtalk_db_proxy_server_device_tokens_total',
      { usable: String(usable) },
    );
  const [good, bad] = [await counted(true), await counted(false)];
  expect(await send(ann, IOS, '{length=32,bytes=0xd3d997af967d1f43...2e5a0b1f}', '1.4')).toEqual({
    usable: false,
  });
  await send(bob, IOS, 'ab'.repeat(31));
  expect(await devices()).toMatchObject([
    { user_id: ann, client_version: '1.4', failure: 'unusable' },
    { user_id: bob, failure: 'unusable' },
  ]);
  await send(ann, IOS, phone, '1.5');
  expect((await devices())[0]).toMatchObject({ token: phone, client_version: '1.5', failure: null });
  expect([(await counted(true)) - good, (await counted(false)) - bad]).toEqual([1, 2]);
});

test('a device that was given up works again when its client sends the token again', async () => {
  await send(ann, IOS, phone);
  await database.dataSource.query(`UPDATE push_device SET failure = 'Unregistered'`);
  await send(ann, IOS, phone);
  expect(await devices()).toMatchObject([{ user_id: ann, failure: null }]);
});

test('a client version that cannot be stored is left out', async () => {
  await send(ann, IOS, phone, 'a\0b');
  expect(await devices()).toMatchObject([{ client_version: '' }]);
});
