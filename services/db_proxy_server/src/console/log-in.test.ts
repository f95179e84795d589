import { randomBytes } from 'node:crypto';
import { consoleApi } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { inviteToConsole } from './invite.js';

const { LOG_IN_DONE, LOG_IN_REFUSED, LOG_IN_TOO_MANY_ATTEMPTS } = consoleApi.console.LogInResult;
const password = 'correct horse battery';
const loginLimit = { maxFailures: 5, maxNamesPerNetwork: 10, windowSeconds: 1_800 };

let database: TestDatabase;
let context: TestContext;
beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url, { loginLimit });
});
afterAll(async () => {
  await context.close();
  await database.drop();
});

const opening = (address: string) => ({ hash: randomBytes(32), address, userAgent: 'test' });

async function setUp(name: string, address: string): Promise<string> {
  const { token } = await inviteToConsole(database.dataSource, { name, role: 'owner' });
  expect((await context.consoleLogins.setUp(token, password, '', opening(address))).result).toBe(LOG_IN_DONE);
  return token;
}

const logIn = async (name: string, address: string, tried = password) =>
  (await context.consoleLogins.logIn(name, tried, '', opening(address))).result;

async function lockOut(name: string, address: string): Promise<void> {
  for (let i = 0; i < loginLimit.maxFailures; i++) {
    expect(await logIn(name, address, 'wrong')).toBe(LOG_IN_REFUSED);
  }
  expect(await logIn(name, address)).toBe(LOG_IN_TOO_MANY_ATTEMPTS);
}

async function passwordChecks(): Promise<number> {
  const page = await context.kit.metrics.registry.metrics();
  return Number(/argon2_seconds_count(?:{[^}]*})? (\d+)/.exec(page)?.[1] ?? 0);
}

it('guessing names from one network causes no more password checks than allowed, even concurrently', async () => {
  const before = await passwordChecks();
  const tries = Array.from({ length: 200 }, (_, i) => logIn(`nobody ${i}`, '203.0.113.7'));
  const results = await Promise.allSettled(tries);
  expect((await passwordChecks()) - before).toBeLessThanOrEqual(loginLimit.maxNamesPerNetwork);
  const refused = results.filter((each) => each.status === 'rejected').map(({ reason }) => reason);
  for (const error of refused) {
    expect(error).toBeInstanceOf(TeamTalkError);
    expect((error as TeamTalkError).code).toBe('resource-exhausted');
  }
});

it('attackers elsewhere do not lock an account out at networks where it has logged in before', async () => {
  await setUp('ann', '192.0.2.1');
  await lockOut('ann', '203.0.113.8');
  expect(await logIn('ann', '198.51.100.1')).toBe(LOG_IN_TOO_MANY_ATTEMPTS);
  expect(await logIn('ann', '192.0.2.1')).toBe(LOG_IN_DONE);
  // Guesses from a known network have a counter of their own.
  await lockOut('ann', '192.0.2.1');
  await setUp('ann', '198.51.100.1');
  expect(await logIn('ann', '198.51.100.1')).toBe(LOG_IN_DONE);
});

it('a full queue of strangers for a name does not delay its owner', async () => {
  await setUp('ben', '192.0.2.2');
  // Most of them are rejected because the queue is full.
  const strangers = Promise.allSettled(
    Array.from({ length: 100 }, (_, i) => logIn('ben', `203.0.113.${i}`, 'wrong')),
  );
  expect(await logIn('ben', '192.0.2.2')).toBe(LOG_IN_DONE);
  await strangers;
});

it('an account’s known networks are the ten of its last logins', async () => {
  await setUp('cid', '192.0.2.100');
  for (let i = 0; i < 12; i++) expect(await logIn('cid', `192.0.2.${100 + i}`)).toBe(LOG_IN_DONE);
  const [row] = await database.dataSource.query(`SELECT networks FROM console_account WHERE name = 'cid'`);
  expect(row.networks).toEqual(Array.from({ length: 10 }, (_, i) => `192.0.2.${102 + i}`));
});
