import type { TeamTalkClient } from '@teamtalk/client';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { appPermissions } from '@teamtalk/db_proxy_server';
import { waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OpenApiClient } from './openapi-client.js';
import { recordPdus } from './record-pdus.js';

/** The fields these tests read; OpenApiClient has checked the reply against the document. */
interface Reply {
  group_id: number;
  user_id: number;
  department_id: number;
  broadcast_id: number;
  item_id: number;
  connections: number;
  finished_at: string | null;
  readers: { user_id: number; read_msg_id: number }[];
  messages: unknown[];
  departments: unknown[];
  users: unknown[];
  msg_servers: unknown[];
  items: unknown[];
  sessions: { session_id: string; class: string; since: string }[];
  device_id: number;
  devices: { device_id: number; provider: string; seen_at: string }[];
  pushes: { at: string }[];
  bots: unknown[];
  hook_id: number;
  hooks: unknown[];
}

let cluster: TestCluster;
let api: OpenApiClient;
let ids: Record<'ann' | 'ben' | 'cat', number>;
const called = new Set<string>();

beforeAll(async () => {
  cluster = await TestCluster.start({ http_msg_server: 1, msg_server: 2 });
  ids = await cluster.addUsers(['ann', 'ben', 'cat']);
  const key = await cluster.addApp('everything', { permissions: appPermissions });
  api = await OpenApiClient.load(cluster.url('http_msg_server'), key);
});
afterAll(() => cluster?.stop());

/** A call that is expected to be answered with this status. */
async function call(status: number, id: string, options = {}): Promise<Reply> {
  const reply = await api.call(id, options);
  expect(reply, `${id}: ${JSON.stringify(reply.body)}`).toMatchObject({ status });
  called.add(id);
  return reply.body as unknown as Reply;
}

it('messages, history and receipts', async () => {
  const ben = await cluster.connect('ben');
  const message = { from_user_id: ids.ann, to: { user_id: ids.ben }, msg: '你好' };
  expect(await call(201, 'sendMessage', { body: message })).toEqual({ msg_id: 1 });
  expect(await ben.nextMessage()).toMatchObject({ fromUserId: ids.ann, text: '你好', msgId: 1 });
  const named = { body: { ...message, msg: 'again' }, headers: { 'idempotency-key': 'k' } };
  expect(await call(201, 'sendMessage', named)).toEqual({ msg_id: 2 });
  expect(await call(201, 'sendMessage', named)).toEqual({ msg_id: 2 });
  await call(422, 'sendMessage', { body: { ...message, to: { user_id: 9999 } } });

  const pair = { path: { user_id: ids.ann, peer_id: ids.ben } };
  const { messages } = await call(200, 'getHistory', { ...pair, query: { limit: 10 } });
  expect(messages).toMatchObject([
    { msg_id: 2, from_user_id: ids.ann, type: 'text', msg: 'again' },
    { msg_id: 1, msg: '你好' },
  ]);
  expect((await call(200, 'getHistory', { ...pair, query: { before: 2 } })).messages).toHaveLength(1);
  await ben.markRead({ user: ids.ann }, 1);
  await waitUntil(
    async () => {
      const { readers } = await call(200, 'getReceipts', pair);
      return readers.some((reader) => reader.user_id === ids.ben && reader.read_msg_id === 1);
    },
    { what: 'the receipt' },
  );
  await call(404, 'getReceipts', { path: { user_id: ids.ann, peer_id: ids.cat } });
});

it('groups', async () => {
  const cat = await cluster.connect('cat', { server: 1 });
  const changes = recordPdus(cat, Commands.GroupChangeMemberNotify);
  const wanted = { body: { name: 'team', member_ids: [ids.ann, ids.cat], creator_id: ids.ann, id: 'g' } };
  const { group_id } = await call(201, 'createGroup', wanted);
  expect((await call(201, 'createGroup', wanted)).group_id).toBe(group_id);
  const path = { group_id };
  const body = { from_user_id: ids.ann, to: { group_id }, msg: 'all' };
  await call(201, 'sendMessage', { body });
  expect((await cat.nextMessage()).text).toBe('all');
  const session = { path: { user_id: ids.cat, group_id } };
  expect((await call(200, 'getGroupHistory', session)).messages).toHaveLength(1);
  expect((await call(200, 'getGroupReceipts', session)).readers).toHaveLength(2);
  await call(404, 'getGroupReceipts', { path: { user_id: ids.ben, group_id } });

  const added = await call(200, 'changeGroupMembers', { path, body: { change: 'add', user_ids: [ids.ben] } });
  expect(added).toEqual({ member_ids: [ids.ann, ids.ben, ids.cat], changed_ids: [ids.ben] });
  await waitUntil(() => changes.length === 1, { what: '0x040b' });
  expect(await call(200, 'changeGroup', { path, body: { name: 'the team' } })).toMatchObject({
    name: 'the team',
  });
  expect(await call(200, 'getGroup', { path })).toMatchObject({
    name: 'the team',
    type: 'normal',
    creator_id: ids.ann,
    version: 3,
    member_ids: [ids.ann, ids.ben, ids.cat],
  });
  await call(204, 'muteInGroup', { path, body: { user_id: ids.cat, muted: true } });
  await call(422, 'muteInGroup', { path, body: { user_id: 999_999, muted: true } });
  await call(204, 'muteInGroup', { path, body: { user_id: ids.cat, muted: false } });
  await call(204, 'dissolveGroup', { path });
  await call(404, 'getGroup', { path });
  await waitUntil(() => changes.length === 2, { what: 'the end of the group' });
});

it('departments and users, who can log in, and no longer when they are disabled', async () => {
  const { department_id } = await call(201, 'createDepartment', { body: { name: 'Sales' } });
  const below = await call(201, 'createDepartment', { body: { name: 'East', parent_id: department_id } });
  await call(422, 'changeDepartment', { path: { department_id }, body: { parent_id: below.department_id } });
  await call(409, 'deleteDepartment', { path: { department_id } });
  await call(204, 'deleteDepartment', { path: { department_id: below.department_id } });
  await call(200, 'changeDepartment', { path: { department_id }, body: { priority: 3 } });
  expect((await call(200, 'listDepartments')).departments).toEqual([
    { department_id, name: 'Sales', parent_id: null, priority: 3 },
  ]);

  const wanted = { name: 'dan', password: testPassword, department_id, gender: 'male' };
  const { user_id } = await call(201, 'createUser', { body: wanted });
  await call(409, 'createUser', { body: wanted });
  await call(422, 'createUser', { body: { name: 'x', department_id: 999 } });
  expect(await call(200, 'getUser', { path: { user_id } })).toMatchObject({
    name: 'dan',
    nick_name: 'dan',
    gender: 'male',
    department_id,
    disabled: false,
  });
  const list = await call(200, 'listUsers', { query: { after: ids.cat, limit: 5 } });
  expect(list.users).toMatchObject([{ name: 'dan' }]);
  expect((await call(200, 'listUsers', { query: { name: 'ann' } })).users).toMatchObject([
    { user_id: ids.ann },
  ]);

  const dan = await cluster.connect('dan');
  const gone = new Promise((resolve) => dan.once('kicked', resolve));
  const change = { path: { user_id }, body: { disabled: true, department_id: null } };
  expect(await call(200, 'changeUser', change)).toMatchObject({ disabled: true, department_id: null });
  await gone;
  await expect(cluster.connect('dan')).rejects.toThrow();
  await call(200, 'changeUser', { path: { user_id }, body: { disabled: false, password: 'another' } });
  await cluster.connect('dan', { password: 'another' });
  await call(404, 'changeUser', { path: { user_id: 9999 }, body: { nick_name: 'x' } });
});

it('presence, statistics and kicks', async () => {
  const ann: TeamTalkClient = await cluster.connect('ann');
  const query = { body: { user_ids: [ids.ann, 9999] } };
  expect((await call(200, 'queryPresence', query)).users).toEqual([
    { user_id: ids.ann, online: true },
    { user_id: 9999, online: false },
  ]);
  await waitUntil(async () => (await call(200, 'getStatistics')).connections > 0, {
    what: 'statistics',
  });
  expect((await call(200, 'getStatistics')).msg_servers).toHaveLength(2);
  const gone = new Promise((resolve) => ann.once('kicked', resolve));
  await call(204, 'kickUser', { path: { user_id: ids.ann }, body: {} });
  await gone;
});

it('sessions: what is known of each, one of them ended, and all ended by a new password', async () => {
  const pc = await cluster.connect('ben', { clientVersion: 'win 1.2' });
  const phone = await cluster.connect('ben', { server: 1, clientType: ClientType.ANDROID });
  const goneFrom = (client: TeamTalkClient) => new Promise((resolve) => client.once('kicked', resolve));
  const path = { user_id: ids.ben };
  const listed = await call(200, 'listSessions', { path });
  const ofClass = (name: string) => listed.sessions.find((session) => session.class === name);
  expect(listed.sessions).toHaveLength(2);
  expect(ofClass('pc')).toMatchObject({ client: 'windows', client_version: 'win 1.2', address: '127.0.0.1' });
  expect(ofClass('mobile')).toMatchObject({ client: 'android', address: '127.0.0.1' });
  for (const { since } of listed.sessions) expect(Date.now() - Date.parse(since)).toBeLessThan(60_000);

  const { session_id } = ofClass('pc')!;
  await call(404, 'endSession', { path: { user_id: ids.ann, session_id } });
  const pcGone = goneFrom(pc);
  await call(204, 'endSession', { path: { ...path, session_id } });
  await pcGone;
  await call(404, 'endSession', { path: { ...path, session_id } });
  expect((await call(200, 'listSessions', { path })).sessions).toEqual([ofClass('mobile')]);

  const phoneGone = goneFrom(phone);
  await call(200, 'changeUser', { path, body: { password: 'a new one' } });
  await phoneGone;
  await expect(cluster.connect('ben')).rejects.toThrow();
  const again = await cluster.connect('ben', { password: 'a new one' });
  const againGone = goneFrom(again);
  await call(204, 'endSessions', { path });
  await againGone;
  await waitUntil(async () => (await call(200, 'listSessions', { path })).sessions.length === 0, {
    what: 'no sessions',
  });
});

it('devices: registered, refreshed, moved to another user, removed; and the push history', async () => {
  const path = { user_id: ids.ann };
  const body = { provider: 'apns', token: 'AB'.repeat(32), locale: 'zh-Hans-CN', time_zone: 'Asia/Shanghai' };
  const { device_id } = await call(201, 'registerDevice', { path, body });
  expect(await call(201, 'registerDevice', { path, body: { ...body, app: 'com.example.other' } })).toEqual({
    device_id,
  });
  const { devices } = await call(200, 'listDevices', { path });
  expect(devices).toMatchObject([
    {
      device_id,
      provider: 'apns',
      app: 'com.example.other',
      token_end: 'abababab',
      locale: 'zh-Hans-CN',
      time_zone: 'Asia/Shanghai',
      failure: null,
    },
  ]);
  expect(Date.now() - Date.parse(devices[0]!.seen_at)).toBeLessThan(60_000);
  for (const wrong of [
    { provider: 'apns', token: 'not hexadecimal' },
    { provider: 'webpush', token: '{"endpoint":"http://example.com/","keys":{}}' },
    { provider: 'fcm', token: 'with blanks' },
    { ...body, time_zone: 'Mars/Olympus' },
  ]) {
    await call(400, 'registerDevice', { path, body: wrong });
  }

  await cluster.sql(
    `INSERT INTO push_log (user_id, device_id, provider, conv, msg_id, outcome, reason, attempts, seconds)
     VALUES ($1::int4, $2::int8, 'apns', ($1::int4::int8 << 32) | $3::int8, 7, 'dropped', 'do-not-disturb', 1, 2.5),
       ($1::int4, $2::int8, 'apns', 9, 8, 'accepted', 'an-id', 2, 2.5)`,
    [ids.ann, device_id, ids.ben],
  );
  const { pushes } = await call(200, 'listPushes', { path });
  expect(pushes).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ peer_id: ids.ben, msg_id: 7, outcome: 'dropped', reason: 'do-not-disturb' }),
      expect.objectContaining({ group_id: 9, msg_id: 8, outcome: 'accepted', reason: 'an-id', attempts: 2 }),
    ]),
  );

  const moved = await call(201, 'registerDevice', { path: { user_id: ids.ben }, body });
  expect((await call(200, 'listDevices', { path })).devices).toEqual([]);
  const own = { user_id: ids.ben, device_id: moved.device_id };
  await call(404, 'removeDevice', { path: { ...path, device_id: moved.device_id } });
  await call(204, 'removeDevice', { path: own });
  await call(404, 'removeDevice', { path: own });
  for (const id of ['listDevices', 'listPushes']) await call(404, id, { path: { user_id: 9999 } });
  await call(404, 'registerDevice', { path: { user_id: 9999 }, body });
});

it('broadcasts', async () => {
  const body = { from_user_id: ids.ann, to: { everybody: true }, msg: 'to all' };
  const { broadcast_id } = await call(202, 'startBroadcast', { body });
  const done = async () => call(200, 'getBroadcast', { path: { broadcast_id } });
  await waitUntil(async () => (await done()).finished_at !== null, { what: 'the broadcast' });
  expect(await done()).toMatchObject({ receivers: 3, stored: 3, refused: 0 });
  await call(404, 'getBroadcast', { path: { broadcast_id: 9999 } });
});

it('discovery', async () => {
  const { item_id } = await call(201, 'createDiscovery', { body: { name: 'Wiki', url: 'http://wiki/' } });
  await call(200, 'changeDiscovery', { path: { item_id }, body: { priority: 5 } });
  expect((await call(200, 'listDiscovery')).items).toEqual([
    { item_id, name: 'Wiki', url: 'http://wiki/', priority: 5 },
  ]);
  await call(204, 'deleteDiscovery', { path: { item_id } });
  await call(404, 'deleteDiscovery', { path: { item_id } });
});

it('a receiver can be given by name', async () => {
  const cat = await cluster.connect('cat');
  const send = (status: number, to: string) =>
    call(status, 'sendMessage', { body: { from_user_id: ids.ben, to, msg: `to ${to}` } });
  await send(201, '@cat');
  expect(await cat.nextMessage()).toMatchObject({ session: { user: ids.ben }, text: 'to @cat' });
  const member_ids = [ids.ben, ids.cat];
  const { group_id: group } = await call(201, 'createGroup', { body: { name: 'by name', member_ids } });
  await send(201, '#by name');
  expect(await cat.nextMessage()).toMatchObject({ session: { group }, text: 'to #by name' });
  for (const to of ['@nobody', '@ben', '#no group', 'cat']) await send(422, to);
});

it('bots and hooks', async () => {
  const { user_id: bot } = await call(201, 'createBot', { body: { name: 'robot', nick_name: 'Robot' } });
  await call(200, 'renewBotToken', { path: { user_id: bot } });
  await call(204, 'revokeBotToken', { path: { user_id: bot } });
  const { bots } = await call(200, 'listBots');
  expect(bots).toEqual([
    { user_id: bot, name: 'robot', nick_name: 'Robot', disabled: false, token_set_at: null },
  ]);
  const { hook_id } = await call(201, 'createHook', {
    body: { name: 'h', bot_id: bot, to: `user:${ids.ann}` },
  });
  const { hooks } = await call(200, 'listHooks');
  expect(hooks).toMatchObject([
    { hook_id, bot_id: bot, to: { user_id: ids.ann }, any_receiver: false, rate: 1 },
  ]);
  await call(204, 'removeHook', { path: { hook_id } });
  expect((await call(200, 'listHooks')).hooks).toEqual([]);
});

it('every operation of the document was called', () => {
  expect([...called].sort()).toEqual(api.operations.sort());
});
