import { randomBytes } from 'node:crypto';
import { teamtalk } from '@teamtalk/rpc';
import { newToken } from '@teamtalk/service-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { login } from '../accounts/login.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';

const { LOGIN_OK, LOGIN_WRONG_NAME_OR_PASSWORD } = teamtalk.db.LoginResult;
const actor = { name: 'operator test', asUser: 0, source: 'test' };

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

const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);

async function addBot(name: string, { token, hash } = newToken()): Promise<{ id: number; token: string }> {
  const outcome = await context.bots.create({ name, nickName: '', tokenHash: hash }, actor);
  if (outcome.result !== 'saved') throw new Error(outcome.result);
  return { id: outcome.id, token };
}

const verbs = async () =>
  (await sql('SELECT verb FROM audit_event ORDER BY id')).map(({ verb }: { verb: string }) => verb);

test('a repeated call, as after a lost response, creates one bot and one hook, with one event each', async () => {
  const secret = newToken();
  const { id } = await addBot('once', secret);
  const before = await verbs();
  expect(await addBot('once', secret)).toMatchObject({ id });
  expect(
    await context.bots.create({ name: 'once', nickName: '', tokenHash: randomBytes(32) }, actor),
  ).toEqual({
    result: 'conflict',
  });
  const renewed = newToken();
  for (let i = 0; i < 2; i++) await context.bots.setToken(id, renewed.hash, actor);
  for (let i = 0; i < 2; i++) await context.bots.setToken(id, null, actor);
  const [{ id: receiver }] = await sql(
    `INSERT INTO im_user (name, password_hash) VALUES ('receiver', '!') RETURNING id`,
  );
  const hook = {
    name: 'once',
    botId: id,
    receiver: `user:${receiver}`,
    anyReceiver: false,
    rate: 1,
    tokenHash: randomBytes(32),
  };
  const made = await context.hooks.create(hook, actor);
  expect(made).toMatchObject({ result: 'saved' });
  expect(await context.hooks.create(hook, actor)).toEqual(made);
  expect(await context.hooks.create({ ...hook, tokenHash: randomBytes(32) }, actor)).toEqual({
    result: 'conflict',
  });
  expect((await verbs()).slice(before.length)).toEqual(['bot.token', 'bot.token', 'hook.create']);
});

test('a bot logs in with its token only, at every replica, until it gets another one', async () => {
  const { id, token } = await addBot('robot');
  const check = login(context);
  const logIn = async (password: string) =>
    (
      await check({
        userName: 'robot',
        passwordMd5: password,
        address: '10.0.0.1',
      } as teamtalk.db.LoginRequest)
    ).result;
  expect(await logIn(token)).toBe(LOGIN_OK);
  expect(await logIn('')).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
  const renewed = newToken();
  await context.bots.setToken(id, renewed.hash, actor);
  expect(await logIn(token)).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
  expect(await logIn(renewed.token)).toBe(LOGIN_OK);
  await sql('UPDATE im_user SET status = 3 WHERE id = $1', [id]);
  expect(await logIn(renewed.token)).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
});

test('findReceiver resolves users by name or id and the bot’s groups, and rejects ambiguous names', async () => {
  const { id } = await addBot('writer');
  const only = async (text: string, values: unknown[] = []) =>
    (await sql(`${text} RETURNING id`, values))[0].id;
  const user = (name: string, status = 0) =>
    only(`INSERT INTO im_user (name, password_hash, status) VALUES ($1, '!', $2)`, [name, status]);
  const group = async (name: string, { isIn = true, status = 0 } = {}) => {
    const made = await only('INSERT INTO chat_group (name, type, status) VALUES ($1, 1, $2)', [name, status]);
    if (isIn) await sql('INSERT INTO group_member (group_id, user_id) VALUES ($1, $2)', [made, id]);
    return made;
  };
  const zoe = await user('zoë k');
  const left = await user('left', 3);
  const ops = await group('ops');
  const closed = await group('closed', { status: 1 });
  const foreign = await group('foreign', { isIn: false });
  const twins = [await group('twins'), await group('twins')];

  const named = async (text: string) => context.hooks.receiver(id, text);
  for (const text of ['@zoë k', `user:${zoe}`]) expect(await named(text)).toEqual({ userId: zoe });
  for (const text of ['#ops', `group:${ops}`]) expect(await named(text)).toEqual({ groupId: ops });
  for (const twin of twins) expect(await named(`group:${twin}`)).toEqual({ groupId: twin });
  expect(await named('#twins')).toMatch(/several groups/);
  for (const text of ['@left', `user:${left}`, '@nobody', 'user:999999', '@writer', '@ZOË K']) {
    expect(await named(text), text).toMatch(/not a user/);
  }
  for (const text of ['#closed', `group:${closed}`, '#foreign', `group:${foreign}`, `group:${zoe}999`]) {
    expect(await named(text), text).toMatch(/not a group/);
  }
  for (const text of ['user:0', 'group:4294967295']) expect(await named(text), text).toMatch(/invalid id/);
  for (const text of ['', 'zoe', '@', '@a\0', 'user:x', 'user:12345678901']) {
    expect(await named(text), text).toMatch(/not one of/);
  }
});
