import { teamtalk } from '@teamtalk/rpc';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cheapArgon2, createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { addUser } from './add-user.js';
import { login } from './login.js';
import { clientDigest } from './passwords/password.js';

const { LOGIN_OK, LOGIN_WRONG_NAME_OR_PASSWORD, LOGIN_TOO_MANY_ATTEMPTS } = teamtalk.db.LoginResult;
const loginLimit = { maxFailures: 3, maxNamesPerNetwork: 5, windowSeconds: 1_800 };
const home = '198.51.100.1';
const office = '203.0.113.7';

let database: TestDatabase;
let replicas: TestContext[];
let handlers: ReturnType<typeof login>[];
let turn = 0;
let nextName = 0;
let name: string;
let userId: number;

beforeAll(async () => {
  database = await createTestDatabase();
  const open = () => createTestContext(database.url, { loginLimit });
  replicas = await Promise.all([open(), open()]);
  handlers = replicas.map((replica) => login(replica));
});
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await database.drop();
});
beforeEach(async () => {
  await database.dataSource.query('DELETE FROM login_failure');
  name = await newUser();
});

async function newUser(): Promise<string> {
  const added = `user${++nextName}`;
  userId = await addUser(database.dataSource, { name: added, password: 'secret' }, cheapArgon2);
  return added;
}

/** Alternates between the replicas. */
async function attempt(password: string, address: string, userName = name) {
  const handler = handlers[turn++ % handlers.length] as (typeof handlers)[number];
  const passwordMd5 = clientDigest(password);
  return (await handler(new teamtalk.db.LoginRequest({ userName, passwordMd5, clientType: 1, address })))
    .result;
}

async function failTimes(times: number, address: string, userName = name) {
  for (let i = 0; i < times; i++) {
    expect(await attempt('wrong', address, userName)).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
  }
}

test('unknown networks share one limit, and cannot lock a user out of their known networks', async () => {
  expect(await attempt('secret', home)).toBe(LOGIN_OK);
  for (const address of ['192.0.2.1', '192.0.2.2', '2001:db8::1']) await failTimes(1, address);
  for (const address of ['192.0.2.1', '192.0.2.9', office]) {
    expect(await attempt('secret', address)).toBe(LOGIN_TOO_MANY_ATTEMPTS);
  }
  for (let i = 0; i < 5; i++) expect(await attempt('secret', home)).toBe(LOGIN_OK);
});

test('strangers who guess at once do not keep a user from logging in at a known network', async () => {
  expect(await attempt('secret', home)).toBe(LOGIN_OK);
  const results: string[] = [];
  const guesses = Array.from({ length: 100 }, (_, i) =>
    attempt('wrong', `192.0.2.${i}`).then(
      () => results.push('checked'),
      () => results.push('refused'),
    ),
  );
  for (let i = 0; i < 5; i++) expect(await attempt('secret', home)).toBe(LOGIN_OK);
  await Promise.all(guesses);
  expect(results).toContain('refused');
});

test('a known network has a limit of its own, which affects no other network', async () => {
  for (const address of [home, office]) expect(await attempt('secret', address)).toBe(LOGIN_OK);
  await failTimes(3, home);
  expect(await attempt('secret', home)).toBe(LOGIN_TOO_MANY_ATTEMPTS);
  expect(await attempt('secret', office)).toBe(LOGIN_OK);
  expect(await attempt('secret', '192.0.2.1')).toBe(LOGIN_OK);
});

test('a successful login does not reset the count of unknown networks', async () => {
  expect(await attempt('secret', home)).toBe(LOGIN_OK);
  for (let i = 0; i < 3; i++) {
    await failTimes(1, '192.0.2.1');
    expect(await attempt('secret', home)).toBe(LOGIN_OK);
  }
  expect(await attempt('wrong', '192.0.2.1')).toBe(LOGIN_TOO_MANY_ATTEMPTS);
});

test('an IPv6 address counts as its /64', async () => {
  expect(await attempt('secret', '2001:db8:0:1::1')).toBe(LOGIN_OK);
  await failTimes(3, '192.0.2.1');
  expect(await attempt('secret', '2001:db8:0:1:aaaa:bbbb:cccc:dddd')).toBe(LOGIN_OK);
  expect(await attempt('secret', '2001:db8:0:2::1')).toBe(LOGIN_TOO_MANY_ATTEMPTS);
});

test('a network from which many names failed is closed to users not known there, on every replica', async () => {
  expect(await attempt('secret', office)).toBe(LOGIN_OK);
  const newcomer = await newUser();
  for (let i = 0; i < 5; i++) await failTimes(1, office, `guessed ${i}`);
  for (let i = 0; i < 4; i++) {
    expect(await attempt('secret', office, newcomer)).toBe(LOGIN_TOO_MANY_ATTEMPTS);
    expect(await attempt('wrong', office, `fresh guess ${i}`)).toBe(LOGIN_TOO_MANY_ATTEMPTS);
    expect(await attempt('secret', office)).toBe(LOGIN_OK);
  }
  expect(await attempt('secret', home, newcomer)).toBe(LOGIN_OK);
  await database.dataSource.query(`UPDATE login_failure SET last_at = now() - interval '31 minutes'`);
  expect(await attempt('secret', office, newcomer)).toBe(LOGIN_OK);
});

test('an office behind one address does not lock itself out by mistyping', async () => {
  for (let i = 0; i < 12; i++) {
    const colleague = await newUser();
    await failTimes(2, office, colleague);
    expect(await attempt('secret', office, colleague)).toBe(LOGIN_OK);
  }
  // A client that retries with an old password counts as one name.
  await failTimes(3, office, name);
  expect(await attempt('secret', office, await newUser())).toBe(LOGIN_OK);
});

test('concurrent guesses from one address get hardly further than sequential ones', async () => {
  const guesses = Array.from({ length: 60 }, (_, i) => attempt('wrong', office, `at once ${i}`));
  const checked = (await Promise.all(guesses)).filter((result) => result === LOGIN_WRONG_NAME_OR_PASSWORD);
  expect(checked.length).toBeGreaterThanOrEqual(5);
  // Checks that were in progress when the limit was reached: four on each replica.
  expect(checked.length).toBeLessThanOrEqual(5 + 2 * 4);
});

test('the address limit can be switched off, and does not apply to a login without an address', async () => {
  for (let i = 0; i < 8; i++) await failTimes(1, '', `nowhere ${i}`);
  expect(await attempt('secret', '')).toBe(LOGIN_OK);
  const open = await createTestContext(database.url, {
    loginLimit: { ...loginLimit, maxNamesPerNetwork: 0 },
  });
  try {
    const handler = login(open);
    for (let i = 0; i < 12; i++) {
      const request = { userName: `tried ${i}`, passwordMd5: clientDigest('wrong'), address: office };
      expect((await handler(new teamtalk.db.LoginRequest(request))).result).toBe(
        LOGIN_WRONG_NAME_OR_PASSWORD,
      );
    }
  } finally {
    await open.close();
  }
});

test('a user’s networks are remembered by the day, at most 32 of them, and forgotten after 90 days', async () => {
  const { sourceNetworks } = replicas[0] as TestContext;
  const kept = async () => {
    const rows: { place: string }[] = await database.dataSource.query(
      'SELECT place FROM login_place WHERE user_id = $1 ORDER BY last_at',
      [userId],
    );
    return rows.map(({ place }) => place);
  };
  expect(await attempt('secret', home)).toBe(LOGIN_OK);
  for (let i = 1; i <= 40; i++) await sourceNetworks.remember(userId, `192.0.2.${i}`);
  const all = await kept();
  expect(all).toHaveLength(32);
  expect([all[0], all.at(-1)]).toEqual(['192.0.2.9', '192.0.2.40']);

  const age = (place: string, days: number) =>
    database.dataSource.query(
      `UPDATE login_place SET last_at = now() - make_interval(days => $3) WHERE user_id = $1 AND place = $2`,
      [userId, place, days],
    );
  await age('192.0.2.9', 91);
  await age('192.0.2.10', 89);
  expect(await sourceNetworks.purge()).toBe(1);
  expect((await kept())[0]).toBe('192.0.2.10');
  // A login after 89 days renews it.
  expect(await attempt('secret', '192.0.2.10')).toBe(LOGIN_OK);
  expect((await kept()).at(-1)).toBe('192.0.2.10');
});
