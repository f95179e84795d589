import { TestCluster } from '@teamtalk/cluster';
import { appPermissions } from '@teamtalk/db_proxy_server';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OpenApiClient } from './openapi-client.js';

let cluster: TestCluster;
let api: OpenApiClient;
let ids: Record<'ann', number>;

beforeAll(async () => {
  cluster = await TestCluster.start({ msg_server: 2, http_msg_server: 1 });
  ids = await cluster.addUsers(['ann']);
  const key = await cluster.addApp('everything', { permissions: appPermissions });
  api = await OpenApiClient.load(cluster.url('http_msg_server'), key);
});
afterAll(() => cluster?.stop());

async function addBot(name: string): Promise<{ user_id: number; token: string }> {
  const { status, body } = await api.call('createBot', { body: { name } });
  expect(status).toBe(201);
  return body as { user_id: number; token: string };
}

it('logs in with its token, and looks like a user to others', async () => {
  const { user_id, token } = await addBot('echo');
  const bot = await cluster.connect('echo', { token });
  const ann = await cluster.connect('ann');
  expect((await ann.users()).users).toContainEqual(
    expect.objectContaining({ userId: user_id, userDomain: 'echo' }),
  );
  await ann.send({ user: user_id }, 'hello');
  expect(await bot.nextMessage()).toMatchObject({ fromUserId: ids.ann, text: 'hello' });
});

it('can log in several times at once, and each process receives its messages', async () => {
  const { user_id, token } = await addBot('many');
  const kicks: string[] = [];
  const processes = [];
  for (const server of [0, 1, 0]) {
    const each = await cluster.connect('many', { token, server });
    each.on('kicked', () => kicks.push('kicked'));
    processes.push(each);
  }
  const ann = await cluster.connect('ann');
  await ann.send({ user: user_id }, 'to all of you');
  for (const each of processes) expect(await each.nextMessage()).toMatchObject({ text: 'to all of you' });
  await processes[2]!.send({ user: ids.ann }, 'from one of us');
  for (const each of processes.slice(0, 2)) {
    expect(await each.nextMessage()).toMatchObject({ fromUserId: user_id, text: 'from one of us' });
  }
  const { body } = await api.call('listSessions', { path: { user_id } });
  expect(body.sessions).toHaveLength(3);
  for (const session of body.sessions as { class: string }[]) expect(session.class).toBe('bot');
  expect(kicks).toEqual([]);
});

it('cannot log in by password, even if one is set', async () => {
  const { user_id, token } = await addBot('locked');
  const changed = await api.call('changeUser', { path: { user_id }, body: { password: 'a password' } });
  expect(changed.status).toBe(200);
  for (const credentials of [{ password: 'a password' }, { password: '' }, { password: token }]) {
    await expect(cluster.connect('locked', credentials)).rejects.toMatchObject({ resultCode: 6 });
  }
  await cluster.connect('locked', { token });
  // A person cannot log in with a token either.
  await expect(cluster.connect('ann', { token })).rejects.toMatchObject({ resultCode: 6 });
});

it.each([
  ['renewed', 'renewBotToken', 200],
  ['revoked', 'revokeBotToken', 204],
])('a token that is %s is worthless, and its connections end', async (name, operation, status) => {
  const { user_id, token } = await addBot(name);
  const bot = await cluster.connect(name, { token });
  let ended = false;
  bot.on('kicked', () => {
    ended = true;
  });
  const answer = await api.call(operation, { path: { user_id } });
  expect(answer.status).toBe(status);
  await waitUntil(() => ended, { what: 'the end of its connection' });
  await expect(cluster.connect(name, { token })).rejects.toMatchObject({ resultCode: 6 });
  if (answer.body.token) await cluster.connect(name, { token: answer.body.token as string });
  const { body } = await api.call('listBots');
  expect(body.bots).toContainEqual({
    user_id,
    name,
    nick_name: name,
    disabled: false,
    token_set_at: answer.body.token ? expect.any(String) : null,
  });
});

it('only bots have tokens, and bot names are unique', async () => {
  expect((await api.call('createBot', { body: { name: 'ann' } })).status).toBe(409);
  for (const operation of ['renewBotToken', 'revokeBotToken']) {
    expect((await api.call(operation, { path: { user_id: ids.ann } })).status).toBe(404);
  }
});
