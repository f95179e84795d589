import { ClientType } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { accountsRpc } from './rpc.js';

const ann = 1;
const bob = 2;
const gone = 3;
/** unknown and impossible ids */
const nobody = [0, 99, 0x8000_0000, 0xffff_ffff];

let database: TestDatabase;
let context: TestContext;
let rpc: ReturnType<typeof accountsRpc>;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  rpc = accountsRpc(context);
  await database.dataSource.query(
    `INSERT INTO im_user (id, name, password_hash, status) VALUES (1, 'ann', '', 0), (2, 'bob', '', 1), (3, 'gone', '', 3)`,
  );
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(() => database.dataSource.query('TRUNCATE device_token'));

const { ChangeAvatarRequest, ChangeSignatureRequest, DeviceTokenRequest, PushShieldRequest, UserRequest } =
  teamtalk.db;

async function avatar(userId: number, avatarUrl: string) {
  return (await rpc.changeAvatar(new ChangeAvatarRequest({ userId, avatarUrl }))).done;
}

async function signature(userId: number, signInfo: string) {
  return (await rpc.changeSignature(new ChangeSignatureRequest({ userId, signInfo }))).done;
}

async function token(userId: number, clientType: number, deviceToken: string) {
  return (await rpc.setDeviceToken(new DeviceTokenRequest({ userId, clientType, deviceToken }))).done;
}

async function shield(userId: number, shieldStatus: number) {
  return (await rpc.setPushShield(new PushShieldRequest({ userId, shieldStatus }))).done;
}

async function shieldOf(userId: number) {
  return (await rpc.getPushShield(new UserRequest({ userId }))).shieldStatus;
}

async function infoOf(userId: number) {
  return (await rpc.getUsers(new teamtalk.db.GetUsersRequest({ userIds: [userId] }))).users?.[0];
}

async function tokens() {
  const rows: { user_id: number; client_type: number; token: string }[] = await database.dataSource.query(
    'SELECT user_id, client_type, token FROM device_token ORDER BY 1, 2',
  );
  return rows.map((row) => [row.user_id, row.client_type, row.token]);
}

test('a new avatar and signature are visible to others and part of the list of changes', async () => {
  const list = rpc.listUsers;
  await database.dataSource.query('UPDATE im_user SET updated_at = to_timestamp(1000)');
  const { latestUpdateTime } = await list(new teamtalk.db.ListUsersRequest({ updatedSince: 0 }));
  expect(await avatar(ann, 'http://msfs/g0/ann.png')).toBe(true);
  expect(await signature(bob, '在开会')).toBe(true);
  expect(await infoOf(ann)).toMatchObject({ avatarUrl: 'http://msfs/g0/ann.png', signInfo: '' });
  expect(await infoOf(bob)).toMatchObject({ avatarUrl: '', signInfo: '在开会' });
  const changes = await list(new teamtalk.db.ListUsersRequest({ updatedSince: latestUpdateTime as number }));
  expect(changes.users?.map(({ userId }) => userId)).toEqual([ann, bob]);
});

test('a signature has up to 128 characters of any width; a longer one changes nothing', async () => {
  for (const longest of ['x'.repeat(128), '签'.repeat(128), '😀'.repeat(128), '']) {
    expect(await signature(ann, longest)).toBe(true);
    expect((await infoOf(ann))?.signInfo).toBe(longest);
  }
  expect(await signature(ann, 'kept')).toBe(true);
  for (const refused of ['x'.repeat(129), '😀'.repeat(129), 'x'.repeat(1_000_000), 'a\0b']) {
    expect(await signature(ann, refused)).toBe(false);
  }
  expect((await infoOf(ann))?.signInfo).toBe('kept');
});

test('an avatar has up to 1,024 characters', async () => {
  expect(await avatar(ann, 'x'.repeat(1_024))).toBe(true);
  for (const refused of ['x'.repeat(1_025), 'a\0b']) expect(await avatar(ann, refused)).toBe(false);
  expect((await infoOf(ann))?.avatarUrl).toBe('x'.repeat(1_024));
  expect(await avatar(ann, '')).toBe(true);
  expect((await infoOf(ann))?.avatarUrl).toBe('');
});

test('unknown and disabled users change nothing', async () => {
  for (const userId of [...nobody, gone]) {
    expect(await avatar(userId, 'x')).toBe(false);
    expect(await signature(userId, 'x')).toBe(false);
    expect(await shield(userId, 1)).toBe(false);
    expect(await token(userId, ClientType.IOS, 't')).toBe(false);
    expect(await shieldOf(userId)).toBe(0);
  }
  expect(await infoOf(gone)).toMatchObject({ avatarUrl: '', signInfo: '' });
  expect(await tokens()).toEqual([]);
});

test('the push shield is on, off, and each user’s own', async () => {
  expect(await shieldOf(ann)).toBe(0);
  expect(await shield(ann, 1)).toBe(true);
  expect([await shieldOf(ann), await shieldOf(bob)]).toEqual([1, 0]);
  expect(await shield(ann, 1)).toBe(true);
  for (const unknown of [2, 0xffff_ffff]) expect(await shield(ann, unknown)).toBe(false);
  expect(await shieldOf(ann)).toBe(1);
  expect(await shield(ann, 0)).toBe(true);
  expect(await shieldOf(ann)).toBe(0);
});

test('one device token for each mobile client type of a user; a new one replaces it', async () => {
  expect(await token(ann, ClientType.IOS, 'phone')).toBe(true);
  expect(await token(ann, ClientType.ANDROID, 'tablet')).toBe(true);
  expect(await token(bob, ClientType.IOS, 'other')).toBe(true);
  expect(await token(ann, ClientType.IOS, 'new phone')).toBe(true);
  expect(await token(ann, ClientType.IOS, 'new phone')).toBe(true);
  expect(await tokens()).toEqual([
    [ann, ClientType.IOS, 'new phone'],
    [ann, ClientType.ANDROID, 'tablet'],
    [bob, ClientType.IOS, 'other'],
  ]);
});

test('an empty token removes it, once', async () => {
  await token(ann, ClientType.IOS, 'phone');
  await token(bob, ClientType.IOS, 'other');
  expect(await token(ann, ClientType.IOS, '')).toBe(true);
  expect(await token(ann, ClientType.IOS, '')).toBe(false);
  expect(await tokens()).toEqual([[bob, ClientType.IOS, 'other']]);
});

test('a device token belongs to the user who logged in last', async () => {
  await token(ann, ClientType.IOS, 'phone');
  expect(await token(bob, ClientType.IOS, 'phone')).toBe(true);
  expect(await tokens()).toEqual([[bob, ClientType.IOS, 'phone']]);
});

test('PC clients have no token; tokens that are too long are refused', async () => {
  for (const type of [ClientType.WINDOWS, ClientType.MAC, 0x13, 0, 0xffff_ffff]) {
    expect(await token(ann, type, 't')).toBe(false);
  }
  for (const refused of ['x'.repeat(4_097), 'a\0b']) {
    expect(await token(ann, ClientType.IOS, refused)).toBe(false);
  }
  expect(await tokens()).toEqual([]);
  const longest = '令'.repeat(4_096);
  expect(await token(ann, ClientType.IOS, longest)).toBe(true);
  expect(await tokens()).toEqual([[ann, ClientType.IOS, longest]]);
});
