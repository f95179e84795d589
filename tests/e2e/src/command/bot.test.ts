import { testDatabase } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Outcome, teamtalk } from './run.js';

let env: NodeJS.ProcessEnv;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await testDatabase();
  env = { DATABASE_URL: database.url };
  drop = () => database.drop();
  await teamtalk(['user', 'add', 'ann', '--password', 'x'], env);
});
afterAll(() => drop());

const run = (...words: string[]): Promise<Outcome> => teamtalk(words, env);

it('adds and lists bots and hooks, and revokes tokens', async () => {
  const added = await run('bot', 'add', 'ci', '--nick', 'Builds');
  expect(added).toMatchObject({ status: 0, stderr: expect.stringContaining('the token of ci, user 2') });
  expect(added.stdout).toMatch(/^[\w-]{43}\n$/);
  expect((await run('bot', 'list')).stdout).toMatch(/^2\tci\tBuilds\t\d{4}-\S+Z\n$/);
  expect(JSON.parse((await run('bot', 'list', '--json')).stdout)).toMatchObject({ id: 2, name: 'ci' });
  const renewed = await run('bot', 'token', 'ci');
  expect(renewed.stdout).toMatch(/^[\w-]{43}\n$/);
  expect(renewed.stdout).not.toBe(added.stdout);
  expect(await run('bot', 'revoke', 'ci')).toMatchObject({ status: 0, stdout: 'revoked ci\n' });
  expect((await run('bot', 'list')).stdout).toBe('2\tci\tBuilds\tno token\n');

  const hook = await run('hook', 'add', 'builds', '--as', 'ci', '--to', '@ann', '--rate', '2/s');
  expect(hook.stdout).toMatch(/^\/hooks\/[\w-]{43}\n$/);
  await run('hook', 'add', 'alarms', '--as', 'ci', '--to', 'user:1', '--any');
  expect((await run('hook', 'list')).stdout).toBe(
    'alarms\tas ci\t@ann\t1/s\tor anybody\nbuilds\tas ci\t@ann\t2/s\n',
  );
  const [alarms] = (await run('hook', 'list', '--json')).stdout.split('\n');
  expect(JSON.parse(alarms!)).toMatchObject({ name: 'alarms', botId: 2, userId: 1, groupId: null });
  expect(await run('hook', 'remove', 'builds')).toMatchObject({ status: 0, stdout: 'removed builds\n' });
  expect((await run('hook', 'list')).stdout).toMatch(/^alarms\t[^\n]*\n$/);
});

it.each([
  [['bot', 'add', 'ann'], /there is already a user ann/],
  [['bot', 'token', 'ann'], /there is no bot ann/],
  [['bot', 'revoke', 'nobody'], /there is no bot nobody/],
  [['hook', 'add', 'x', '--as', 'ann', '--to', '@ann'], /there is no bot ann/],
  [['hook', 'add', 'x', '--as', 'ci', '--to', '@nobody'], /@nobody is not a user/],
  [['hook', 'add', 'x', '--as', 'ci', '--to', '#ops'], /#ops is not a group that the sender is a member of/],
  [['hook', 'add', 'x', '--as', 'ci', '--to', 'ann'], /not one of @NAME, #NAME/],
  [['hook', 'add', 'alarms', '--as', 'ci', '--to', '@ann'], /there is already a hook alarms/],
  [['hook', 'remove', 'x'], /there is no hook x/],
])('%s: refused, and why', async (words, why) => {
  const outcome = await run(...words);
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toMatch(why);
});
