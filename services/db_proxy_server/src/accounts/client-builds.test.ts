import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import type { ClientBuild } from './client-builds.js';
import { accountsRpc } from './rpc.js';

let database: TestDatabase;
let context: TestContext;
let rpc: ReturnType<typeof accountsRpc>;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  rpc = accountsRpc(context);
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(() => database.dataSource.query('TRUNCATE client_build'));

const now = Math.floor(Date.now() / 1000);

function build(version: string, counted: Partial<ClientBuild> = {}): ClientBuild {
  return { clientType: 1, version, bot: false, logins: 1, lastSeen: now, faults: [], ...counted };
}

function record(clients: ClientBuild[]) {
  const { encode, decode } = teamtalk.db.RecordClientsRequest;
  return rpc.recordClients(decode(encode({ clients }).finish()));
}

async function recorded() {
  const builds = await context.clientBuilds.all();
  return builds.map(({ version, logins, faults }) => [
    version,
    logins,
    Object.fromEntries(faults.map(({ fault, count }) => [fault, count])),
  ]);
}

test('what is counted adds up, by client type and version', async () => {
  await record([build('1', { faults: [{ fault: 'body', count: 2 }] }), build('2', { lastSeen: now - 10 })]);
  const more = [
    { fault: 'body', count: 1 },
    { fault: 'content', count: 5 },
  ];
  await record([build('1', { logins: 3, faults: more, lastSeen: now - 5 })]);
  expect(await recorded()).toEqual([
    ['1', 4, { body: 3, content: 5 }],
    ['2', 1, {}],
  ]);
  expect((await context.clientBuilds.all())[0]?.lastSeen).toBe(now);
});

test('a version is stored whatever it consists of, cut to 64 characters', async () => {
  const long = `${'长'.repeat(64)}x`;
  await record([build('a\0b'), build('ab'), build(long), build("'; DROP TABLE client_build; --")]);
  expect((await recorded()).map(([version, logins]) => [version, logins])).toEqual(
    expect.arrayContaining([
      ['ab', 2],
      ['长'.repeat(64), 1],
      ["'; DROP TABLE client_build; --", 1],
    ]),
  );
});

test('builds are forgotten after 90 days, and when there are too many', async () => {
  await record([build('old', { lastSeen: now - 91 * 86_400 }), build('new')]);
  expect(await recorded()).toEqual([['new', 1, {}]]);
  await database.dataSource.query(
    `INSERT INTO client_build (client_type, version, bot, last_seen, logins, faults)
     SELECT 1, n::text, false, now() - n * interval '1 minute', 1, '{}' FROM generate_series(1, 2100) n`,
  );
  await record([build('newest', { lastSeen: now + 60 })]);
  const kept = await recorded();
  expect(kept).toHaveLength(2_000);
  expect(kept[0]?.[0]).toBe('newest');
});

test('concurrent msg_servers do not wait for each other in a circle', async () => {
  const some = Array.from({ length: 50 }, (_, k) => build(String(k)));
  await Promise.all(Array.from({ length: 8 }, (_, k) => record(k % 2 === 0 ? some : some.toReversed())));
  expect(new Set((await recorded()).map(([, logins]) => logins))).toEqual(new Set([8]));
});

test('too many at once are refused', async () => {
  const many = Array.from({ length: 1_001 }, (_, k) => build(String(k)));
  await expect(record(many)).rejects.toThrow('at most 1000');
});
