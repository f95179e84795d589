import { randomBytes } from 'node:crypto';
import { consoleApi } from '@teamtalk/rpc';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addUser } from '../accounts/add-user.js';
import type { Actor } from '../actor.js';
import { cheapArgon2, createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { inviteToConsole } from './invite.js';
import { consoleRpc } from './rpc.js';

const { LogInRequest, LogInResult, SetUpRequest } = consoleApi.console;
const actor: Actor = { name: 'console ann', asUser: 0, source: '10.0.0.1' };
const password = 'correct horse battery';

let database: TestDatabase;
let context: TestContext;

beforeAll(async () => {
  database = await createTestDatabase();
  const loginLimit = { maxFailures: 3, maxNamesPerNetwork: 100, windowSeconds: 1_800 };
  context = await createTestContext(database.url, { loginLimit });
});
afterAll(async () => {
  await context.close();
  await database.drop();
});

let users = 0;

async function newUser(): Promise<{ id: number; name: string }> {
  const name = `user ${++users}`;
  return { id: await addUser(database.dataSource, { name, password }, cheapArgon2), name };
}

async function fail(name: string, network: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await context.logins.recordFailure(name, network);
}

const newestVerb = async (): Promise<string> =>
  (await database.dataSource.query('SELECT verb FROM audit_event ORDER BY id DESC LIMIT 1'))[0].verb;

it('each known network is locked separately and all others together, as at a login', async () => {
  const { id, name } = await newUser();
  await context.sourceNetworks.remember(id, '10.0.0.1');
  await fail(name, '10.0.0.1', 2);
  await fail(name, '192.0.2.1', 2);
  await fail(name, '192.0.2.2', 1);
  const shown = (await context.loginFailures.ofUser(id)).map(({ last_at, ...rest }) => rest);
  expect(shown).toEqual([
    { network: '192.0.2.2', failures: 1, known: false, locked: true },
    { network: '192.0.2.1', failures: 2, known: false, locked: true },
    { network: '10.0.0.1', failures: 2, known: true, locked: false },
  ]);
  expect((await context.logins.find(name, '10.0.0.1')).failures).toBe(2);
  expect((await context.logins.find(name, '198.51.100.1')).failures).toBe(3);
});

it('unlocking forgets a user’s failures with one event, and leaves other users locked', async () => {
  const [one, other] = [await newUser(), await newUser()];
  await fail(one.name, '192.0.2.1', 3);
  await fail(other.name, '192.0.2.1', 3);
  expect(await context.loginFailures.unlock(one.id, actor)).toBe(true);
  expect(await newestVerb()).toBe('user.unlock');
  expect(await context.loginFailures.ofUser(one.id)).toEqual([]);
  expect((await context.logins.find(one.name, '192.0.2.1')).failures).toBe(0);
  expect(await context.loginFailures.ofUser(other.id)).toHaveLength(1);
  const [before] = await database.dataSource.query('SELECT max(id) FROM audit_event');
  expect(await context.loginFailures.unlock(one.id, actor)).toBe(true);
  expect(await database.dataSource.query('SELECT max(id) FROM audit_event')).toEqual([before]);
});

it('failures older than the window are not shown, and an unknown user is not found', async () => {
  const { id, name } = await newUser();
  await fail(name, '192.0.2.1', 3);
  const old = `UPDATE login_failure SET failed_at = ARRAY[now() - interval '1 hour'], last_at = now() - interval '1 hour'`;
  await database.dataSource.query(`${old} WHERE name = $1`, [name]);
  expect(await context.loginFailures.ofUser(id)).toEqual([]);
  for (const nobody of [0, 999_999_999, 2 ** 32]) {
    expect(await context.loginFailures.ofUser(nobody)).toEqual([]);
    expect(await context.loginFailures.unlock(nobody, actor)).toBe(false);
  }
});

it('a locked console account is shown as locked; an owner or a new link unlocks it', async () => {
  const rpc = consoleRpc(context, { administration: {}, groups: {}, bots: {} } as never);
  const rest = { code: '', address: '10.0.0.1', userAgent: '' };
  const logIn = async (name: string, typed: string, address = '10.0.0.1') => {
    const request = { ...rest, name, password: typed, session: randomBytes(32), address };
    return (await rpc.logIn(new LogInRequest(request))).result;
  };
  const setUp = async (token: string) =>
    (await rpc.setUp(new SetUpRequest({ ...rest, token, password, session: randomBytes(32) }))).result;
  const { accountId, token } = await inviteToConsole(database.dataSource, { name: 'ann', role: 'viewer' });
  expect(await setUp(token)).toBe(LogInResult.LOG_IN_DONE);
  const lock = async () => {
    // Both from a known network and from elsewhere, since unlocking has to forget both.
    for (const address of ['192.0.2.7', '10.0.0.1']) {
      for (let i = 0; i < 3; i++)
        expect(await logIn('ann', 'wrong', address)).toBe(LogInResult.LOG_IN_REFUSED);
      expect(await logIn('ann', password, address)).toBe(LogInResult.LOG_IN_TOO_MANY_ATTEMPTS);
    }
  };
  await lock();
  expect([...(await context.consoleAttempts.locked())]).toEqual(['ann']);
  expect(await context.consoleAccounts.unlock(accountId, actor)).toBe('done');
  expect(await newestVerb()).toBe('account.unlock');
  expect(await logIn('ann', password)).toBe(LogInResult.LOG_IN_DONE);
  await lock();
  const again = await inviteToConsole(database.dataSource, { name: 'ann' });
  expect(await setUp(again.token)).toBe(LogInResult.LOG_IN_DONE);
  expect(await logIn('ann', password)).toBe(LogInResult.LOG_IN_DONE);
  expect([...(await context.consoleAttempts.locked())]).toEqual([]);
});
