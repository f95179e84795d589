import { testDatabase } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Outcome, teamtalk } from './run.js';

let env: NodeJS.ProcessEnv;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await testDatabase();
  env = { DATABASE_URL: database.url };
  drop = () => database.drop();
  await teamtalk(['user', 'add', 'robot', '--password', 'x'], env);
});
afterAll(() => drop());

const webhook = (...words: string[]): Promise<Outcome> => teamtalk(['webhook', ...words], env);

it('adds, lists and removes', async () => {
  const added = await webhook('add', 'ci', 'https://ci/hook', '--events', 'message,group', '--bot', '1');
  expect(added).toMatchObject({ status: 0 });
  expect(added.stdout).toMatch(/^whsec_[\w+/]{43}=\n$/);
  expect((await webhook('list')).stdout).toBe('ci\thttps://ci/hook\tmessage,group\t1\t0 wait\t0 dead\n');
  expect(JSON.parse((await webhook('list', '--json')).stdout)).toEqual({
    id: 1,
    name: 'ci',
    disabled: false,
    url: 'https://ci/hook',
    events: ['message', 'group'],
    botId: 1,
    waiting: 0,
    failed: 0,
  });
  expect(await webhook('dead', 'ci')).toMatchObject({ status: 0, stdout: '' });
  expect(await webhook('retry', 'ci')).toMatchObject({ stdout: '0 events are tried again\n' });
  expect(await webhook('remove', 'ci')).toMatchObject({ status: 0, stdout: 'removed ci\n' });
  expect(await webhook('remove', 'ci')).toMatchObject({ status: 1 });
});

it.each([
  [['add', 'x', 'ftp://x/', '--events', 'group'], /no http or https URL/],
  [['add', 'x', 'http://x/', '--events', 'everything'], /the events are: message/],
  [['add', 'x', 'http://x/', '--events', 'message'], /whose messages/],
  [['add', 'x', 'http://x/', '--events', 'message', '--bot', '99'], /there is no user 99/],
])('%s: refused, and why', async (words, why) => {
  const outcome = await webhook(...words);
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toMatch(why);
});
