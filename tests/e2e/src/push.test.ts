import { randomBytes } from 'node:crypto';
import type { TestCluster } from '@teamtalk/cluster';
import { appPermissions } from '@teamtalk/db_proxy_server';
import { FakeHms, waitUntil } from '@teamtalk/local-stack';
import { ClientType } from '@teamtalk/protocol';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { teamtalk } from './command/run.js';
import { OpenApiClient } from './openapi-client.js';
import { PushStand, tokenOf } from './push-stand.js';

const client = { clientId: '104', clientSecret: 'of Huawei' };

let stand: PushStand;
let huawei: FakeHms;
let cluster: TestCluster;
let users: Record<'ann' | 'ben' | 'cat' | 'dan', number>;
let api: OpenApiClient;

beforeAll(async () => {
  huawei = await FakeHms.start(client);
  const key = { PUSH_CREDENTIALS_KEY: randomBytes(32).toString('hex') };
  const env = { ...key, HMS_URL: huawei.origin, HMS_TOKEN_URL: huawei.tokenUrl };
  stand = await PushStand.start({ push_server: 2, http_msg_server: 1, env }, false);
  cluster = stand.cluster;
  users = await cluster.addUsers(['ann', 'ben', 'cat', 'dan']);
  api = await OpenApiClient.load(
    cluster.url('http_msg_server'),
    await cluster.addApp('mobile', { permissions: appPermissions }),
  );
  // The push_servers are already running.
  const set = async (words: string[], secret: string) => {
    const database = { ...key, DATABASE_URL: cluster.database.url };
    const stored = await teamtalk(['push', 'credential', 'set', ...words], database, secret);
    expect(stored, stored.stderr).toMatchObject({ status: 0 });
  };
  await set(['apns', ...stand.key.words], stand.key.pem);
  await set(['hms', '--client-id', client.clientId], client.clientSecret);
  await stand.untilPushed('ann', 'cat', users.cat);
});
afterAll(async () => {
  await stand?.stop();
  await huawei?.close();
});
beforeEach(() => stand.apns.banners.clear());

const banner = (name: keyof typeof users) => stand.banner(name);

it('a message rings the phone of a receiver who is away, and a tap opens the right conversation', async () => {
  await stand.phoneOf('ben');
  const ann = await cluster.connect('ann');
  await ann.send({ user: users.ben }, '你好');
  await waitUntil(() => banner('ben') !== undefined, { what: 'the banner', timeoutMs: 15_000 });
  expect(banner('ben')?.aps).toMatchObject({ alert: { title: 'ann', body: '你好' }, badge: 1 });
  expect(JSON.parse(banner('ben')?.custom ?? '')).toEqual({ msg_type: 1, from_id: users.ann });
  await ann.close();
});

it('an Android phone rings through the provider in its token’s prefix', async () => {
  const token = 'IQAAAACy0P7n';
  huawei.phones.add(token);
  await stand.phoneOf('cat', { token: `hms:${token}`, clientType: ClientType.ANDROID });
  const ann = await cluster.connect('ann');
  const text = 'for the phone of Huawei';
  await ann.send({ user: users.cat }, text);
  const shown = () => [...huawei.banners.values()].some(({ body }) => body === text);
  await waitUntil(shown, { what: 'the banner', timeoutMs: 20_000 });
  expect(huawei.refusals).toEqual([]);
  await ann.close();
});

it('who is on a PC gets the badge only', async () => {
  await stand.phoneOf('ben');
  const pc = await cluster.connect('ben');
  const ann = await cluster.connect('ann');
  await ann.send({ user: users.ben }, 'are you there?');
  await waitUntil(() => banner('ben') !== undefined, { what: 'the badge', timeoutMs: 15_000 });
  expect(banner('ben')?.aps).toEqual({ badge: 2 });
  await pc.close();
  await ann.close();
});

it('a connected phone that acknowledges a message gets no push for it', async () => {
  await stand.phoneOf('ben');
  const phone = await cluster.connect('ben', { clientType: ClientType.IOS });
  const ann = await cluster.connect('ann');
  const received = phone.nextMessage();
  await ann.send({ user: users.ben }, 'seen at once');
  await received;
  const why = async () =>
    (await api.call('listPushes', { path: { user_id: users.ben } })).body.pushes as { reason: string }[];
  await waitUntil(async () => (await why())[0]?.reason === 'acknowledged', { what: 'the decision' });
  expect(banner('ben')).toBeUndefined();
  await phone.close();
  await ann.send({ user: users.ben }, 'gone meanwhile');
  await waitUntil(() => banner('ben') !== undefined, { what: 'the banner', timeoutMs: 15_000 });
  await ann.close();
});

it('a phone that another user has now rings for that one only', async () => {
  await stand.phoneOf('ben');
  await stand.phoneOf('cat', { token: tokenOf('ben') });
  const ann = await cluster.connect('ann');
  await ann.send({ user: users.ben }, 'for Ben');
  await ann.send({ user: users.cat }, 'for Cat');
  await waitUntil(() => banner('ben') !== undefined, { what: 'the banner', timeoutMs: 15_000 });
  expect([...stand.apns.banners.values()].map(({ payload }) => payload.aps.alert?.body)).toEqual(['for Cat']);
  await ann.close();
});

it('a phone registered over /v1 for another user rings for that user only, and the API lists the push', async () => {
  await stand.phoneOf('ben');
  const registered = await api.call('registerDevice', {
    path: { user_id: users.dan },
    body: { provider: 'apns', token: tokenOf('ben'), locale: 'en' },
  });
  expect(registered.status).toBe(201);
  const ann = await cluster.connect('ann');
  await ann.send({ user: users.ben }, 'for Ben');
  await ann.send({ user: users.dan }, 'for Dan');
  await waitUntil(() => banner('ben') !== undefined, { what: 'the banner', timeoutMs: 15_000 });
  expect([...stand.apns.banners.values()].map(({ payload }) => payload.aps.alert?.body)).toEqual(['for Dan']);
  const pushes = async () =>
    (await api.call('listPushes', { path: { user_id: users.dan } })).body.pushes as { outcome: string }[];
  await waitUntil(async () => (await pushes())[0]?.outcome === 'accepted', { what: 'it is reported' });
  expect(await pushes()).toMatchObject([
    { peer_id: users.ann, msg_id: 1, outcome: 'accepted', provider: 'apns' },
  ]);
  await ann.close();
});

it('a user who has left the company gets no more pushes', async () => {
  const left = await api.call('changeUser', { path: { user_id: users.dan }, body: { disabled: true } });
  expect(left.status).toBe(200);
  await stand.phoneOf('cat');
  const ann = await cluster.connect('ann');
  const group = await api.call('createGroup', {
    body: { name: 'Team', creator_id: users.ann, member_ids: [users.ann, users.dan, users.cat] },
  });
  await ann.send({ group: group.body.group_id as number }, 'for those who are there');
  await waitUntil(() => banner('cat') !== undefined, { what: 'the banner', timeoutMs: 15_000 });
  expect(banner('ben')).toBeUndefined();
  await ann.close();
});

it('a mention rings although the group is muted, and its banner goes when the user is removed from the group', async () => {
  await stand.phoneOf('ben');
  const [ann, pc] = await Promise.all([cluster.connect('ann'), cluster.connect('ben')]);
  const group = await ann.groups.create('Busy', [users.ben]);
  await pc.groups.setMuted(group, true);
  const { total } = await pc.unread();
  await pc.close();
  await ann.send({ group }, 'nothing for Ben');
  await ann.send({ group }, '@ben, please look');
  await ann.send({ group }, 'nothing for Ben either');
  await waitUntil(() => banner('ben') !== undefined, { what: 'the banner', timeoutMs: 15_000 });
  expect(banner('ben')?.aps).toMatchObject({ alert: { body: 'ann: @ben, please look' }, badge: total + 3 });
  expect(JSON.parse(banner('ben')?.custom ?? '')).toEqual({
    msg_type: 17,
    from_id: users.ann,
    group_id: group,
  });
  await ann.groups.removeMembers(group, [users.ben]);
  await waitUntil(() => banner('ben') === undefined, {
    what: 'nothing of the group is shown',
    timeoutMs: 15_000,
  });
  await ann.close();
});
