import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import {
  listPushCredentials,
  removePushCredential,
  rotatePushCredentials,
  setPushCredential,
} from './push-credentials.js';

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
beforeEach(() => database.dataSource.query('DELETE FROM push_credential'));

const set = (provider: string, sealed: string, keyId = 'k1') =>
  setPushCredential(database.dataSource, {
    provider,
    description: `${sealed}, described`,
    keyId,
    sealed: Buffer.from(sealed),
  });

const stored = async () =>
  Object.fromEntries(
    (await context.pushCredentials.all()).map(({ provider, sealed }) => [provider, sealed.toString()]),
  );

test('each provider has the credential set last, of which the audit shows only the description', async () => {
  await set('apns', 'first');
  await set('apns', 'second');
  await set('fcm', 'other');
  expect(await stored()).toEqual({ apns: 'second', fcm: 'other' });
  expect(await listPushCredentials(database.dataSource)).toMatchObject([
    { provider: 'apns', description: 'second, described', keyId: 'k1' },
    { provider: 'fcm' },
  ]);
  expect(await removePushCredential(database.dataSource, 'apns')).toBe(true);
  expect(await removePushCredential(database.dataSource, 'apns')).toBe(false);
  const events: { verb: string; resource: string; after: object | null }[] = await database.dataSource.query(
    `SELECT verb, resource, after FROM audit_event WHERE verb LIKE 'credential.%' ORDER BY id`,
  );
  expect(events).toEqual([
    {
      verb: 'credential.set',
      resource: 'push apns',
      after: { description: 'first, described', keyId: 'k1' },
    },
    {
      verb: 'credential.set',
      resource: 'push apns',
      after: { description: 'second, described', keyId: 'k1' },
    },
    { verb: 'credential.set', resource: 'push fcm', after: { description: 'other, described', keyId: 'k1' } },
    { verb: 'credential.remove', resource: 'push apns', after: null },
  ]);
});

test('a rotation encrypts all credentials of other keys again, or none', async () => {
  await set('apns', 'a', 'k1');
  await set('fcm', 'b', 'k2');
  await set('webpush', 'c', 'k1');
  const reseal = (provider: string, sealed: Buffer) => Buffer.from(`${provider} ${sealed}`);
  const fails = (provider: string, sealed: Buffer) => {
    if (provider === 'webpush') throw new Error('cannot be read');
    return reseal(provider, sealed);
  };
  await expect(rotatePushCredentials(database.dataSource, 'k2', fails)).rejects.toThrow('cannot be read');
  expect(await stored()).toEqual({ apns: 'a', fcm: 'b', webpush: 'c' });
  expect(await rotatePushCredentials(database.dataSource, 'k2', reseal)).toEqual(['apns', 'webpush']);
  expect(await stored()).toEqual({ apns: 'apns a', fcm: 'b', webpush: 'webpush c' });
  expect(await rotatePushCredentials(database.dataSource, 'k2', reseal)).toEqual([]);
});

test('a credential that is too long is refused', async () => {
  expect(() => set('apns', 'x'.repeat(65_537))).toThrow('65536 bytes');
});
