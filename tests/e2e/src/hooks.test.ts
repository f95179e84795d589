import type { TeamTalkClient } from '@teamtalk/client';
import { createGroup, TestCluster } from '@teamtalk/cluster';
import { appPermissions } from '@teamtalk/db_proxy_server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OpenApiClient } from './openapi-client.js';

let cluster: TestCluster;
let api: OpenApiClient;
let ids: Record<'ann' | 'ben' | 'eve', number>;
let ann: TeamTalkClient;
let ben: TeamTalkClient;
let bot: number;
let group: number;

beforeAll(async () => {
  cluster = await TestCluster.start({ http_msg_server: 2 });
  ids = await cluster.addUsers(['ann', 'ben', 'eve']);
  ann = await cluster.connect('ann');
  ben = await cluster.connect('ben');
  const key = await cluster.addApp('everything', { permissions: appPermissions });
  api = await OpenApiClient.load(cluster.url('http_msg_server'), key);
  const { body } = await api.call('createBot', { body: { name: 'ci', nick_name: 'Builds' } });
  bot = body.user_id as number;
  group = await createGroup(ann, [ids.ben, bot], 'Release');
});
afterAll(() => cluster?.stop());

let hooks = 0;

/** @returns the hook's id and path */
async function addHook(to: string, more: object = {}): Promise<{ hook_id: number; path: string }> {
  const name = `hook ${++hooks}`;
  const { status, body } = await api.call('createHook', {
    body: { name, bot_id: bot, to, rate: 100, ...more },
  });
  expect(body).toMatchObject({ path: expect.stringMatching(/^\/hooks\/[\w-]{43}$/) });
  expect(status).toBe(201);
  return body as { hook_id: number; path: string };
}

/** Posts with the content type of a form, which curl sends by default. */
async function post(path: string, body: string, headers: Record<string, string> = {}, server = 0) {
  const response = await fetch(cluster.url('http_msg_server', server) + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  });
  return `${response.status} ${await response.text()}`;
}

it('a post reaches a user', async () => {
  const { path } = await addHook('@ben');
  expect(await post(path, '{"text":"build &lt;7&gt; is <https://ci/7|red>"}')).toBe('200 ok');
  expect(await ben.nextMessage()).toMatchObject({
    session: { user: bot },
    fromUserId: bot,
    text: 'build <7> is red (https://ci/7)',
  });
  expect(await post(path, `payload=${encodeURIComponent('{"text":"1 + 1"}')}`)).toBe('200 ok');
  expect(await ben.nextMessage()).toMatchObject({ text: '1 + 1' });
  expect(await post(path, `text=${encodeURIComponent('it\'s "done"')}`)).toBe('200 ok');
  expect(await ben.nextMessage()).toMatchObject({ text: 'it\'s "done"' });
});

it('a post reaches a group', async () => {
  const { path } = await addHook('#Release');
  expect(await post(path, '{"attachments":[{"title":"4711","text":"deployed"}]}')).toBe('200 ok');
  for (const client of [ann, ben]) {
    expect(await client.nextMessage()).toMatchObject({
      session: { group },
      fromUserId: bot,
      text: '4711\ndeployed',
    });
  }
});

it('a post may choose its receiver if the hook allows that', async () => {
  const bound = await addHook(`user:${ids.ben}`);
  expect(await post(bound.path, '{"text":"x","channel":"#Release"}')).toBe('403 action_prohibited');
  expect(await post(bound.path, '{"text":"to ben","channel":"@ben"}')).toBe('200 ok');
  expect(await ben.nextMessage()).toMatchObject({ text: 'to ben' });
  const free = await addHook(`group:${group}`, { any_receiver: true });
  expect(await post(free.path, '{"text":"to ann","channel":"@ann"}')).toBe('200 ok');
  expect(await ann.nextMessage()).toMatchObject({ session: { user: bot }, text: 'to ann' });
  expect(await post(free.path, '{"text":"to all","channel":"Release"}')).toBe('200 ok');
  for (const client of [ann, ben]) expect(await client.nextMessage()).toMatchObject({ text: 'to all' });
  for (const channel of ['@nobody', '#nothing', `@ci`, 'group:999', 'user:0']) {
    expect(await post(free.path, JSON.stringify({ text: 'x', channel })), channel).toBe(
      '404 channel_not_found',
    );
  }
});

it('a post repeated with its Idempotency-Key is stored once, even at another server', async () => {
  const { path } = await addHook('@ben');
  const key = { 'idempotency-key': 'build 7' };
  for (const server of [0, 1, 0]) expect(await post(path, '{"text":"once"}', key, server)).toBe('200 ok');
  expect(await post(path, '{"text":"twice"}')).toBe('200 ok');
  expect(await ben.nextMessage()).toMatchObject({ text: 'once' });
  expect(await ben.nextMessage()).toMatchObject({ text: 'twice' });
});

it('the token of a removed hook is refused at once, at every server', async () => {
  const { path, hook_id } = await addHook('@ben');
  expect(await post(path, '{"text":"still there"}')).toBe('200 ok');
  expect(await ben.nextMessage()).toMatchObject({ text: 'still there' });
  expect((await api.call('removeHook', { path: { hook_id } })).status).toBe(204);
  for (const server of [0, 1]) expect(await post(path, '{"text":"x"}', {}, server)).toBe('404 no_service');
  expect((await api.call('removeHook', { path: { hook_id } })).status).toBe(404);
});

it('posts to the hooks of a disabled bot are refused', async () => {
  const created = await api.call('createBot', { body: { name: 'retired' } });
  const { path } = await addHook('@ben', { bot_id: created.body.user_id });
  await api.call('changeUser', {
    path: { user_id: created.body.user_id as number },
    body: { disabled: true },
  });
  expect(await post(path, '{"text":"x"}')).toBe('404 no_service');
});

it('tokens are stored as hashes only', async () => {
  const { path } = await addHook('@ben');
  const created = await api.call('createBot', { body: { name: 'secretive' } });
  for (const secret of [path.slice('/hooks/'.length), created.body.token as string]) {
    const [found] = await cluster.sql<{ n: number }>(
      `SELECT count(*)::int4 AS n FROM (SELECT t::text FROM hook t UNION ALL SELECT t::text FROM bot t
         UNION ALL SELECT t::text FROM audit_event t UNION ALL SELECT t::text FROM api_answer t) AS x(t)
       WHERE strpos(t, $1) > 0 OR strpos(t, encode(convert_to($1, 'UTF8'), 'hex')) > 0`,
      [secret],
    );
    expect(found).toEqual({ n: 0 });
  }
});

it('a hook requires a bot, a receiver the bot can write to, and a unique name', async () => {
  const { body: others } = await api.call('createGroup', {
    body: { name: 'Others', member_ids: [ids.ann, ids.ben], creator_id: ids.ann },
  });
  const wanted = { name: 'unique', bot_id: bot, to: '@ben' };
  expect((await api.call('createHook', { body: wanted })).status).toBe(201);
  for (const [change, status] of [
    [{}, 409],
    [{ name: 'x', bot_id: ids.ann }, 400],
    [{ name: 'x', bot_id: 999 }, 400],
    [{ name: 'x', to: '@nobody' }, 400],
    [{ name: 'x', to: '#Others' }, 400],
    [{ name: 'x', to: `group:${others.group_id}` }, 400],
    [{ name: 'x', to: 'ben' }, 400],
  ] as const) {
    expect((await api.call('createHook', { body: { ...wanted, ...change } })).status).toBe(status);
  }
});

it('hooks are listed', async () => {
  const { hook_id } = await addHook('#Release');
  const { body } = await api.call('listHooks');
  expect(body.hooks).toContainEqual({
    hook_id,
    name: `hook ${hooks}`,
    bot_id: bot,
    to: { group_id: group },
    any_receiver: false,
    rate: 100,
    created_at: expect.any(String),
  });
});
