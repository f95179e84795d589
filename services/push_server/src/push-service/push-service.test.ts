import { generateKeyPairSync } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { DistributorPhone, waitUntil } from '@teamtalk/local-stack';
import { createKit, type Kit, readEnv, readMetrics, sumOf } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { providerEnv } from '../provider-env.js';
import type { Notification } from '../providers/provider.js';
import { rawPublicKey } from '../providers/web-push/p256.js';
import { Vapid } from '../providers/web-push/vapid.js';
import { WebPush } from '../providers/web-push/web-push.js';
import { MemoryMailboxes } from '../testing/memory-mailboxes.js';
import { pushServiceConfig, pushServiceEnv } from './config.js';
import { startPushListener } from './listener.js';
import { mailboxOf } from './names.js';
import { PushService } from './push-service.js';

const origin = 'https://push.test';
const subject = 'mailto:it@example.com';
const sender = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = sender.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const topic = 'upAAAAAAAAAAAA';

interface Replica {
  kit: Kit;
  service: PushService;
  url: string;
}

let store: MemoryMailboxes;
let natsUp: boolean;
let replicas: Replica[];
let phones: DistributorPhone[];
let sockets: WebSocket[];

beforeEach(() => {
  store = new MemoryMailboxes();
  natsUp = true;
  replicas = [];
  phones = [];
  sockets = [];
  listeners = [];
});
afterEach(async () => {
  for (const phone of phones) await phone.disconnect();
  for (const socket of sockets) socket.terminate();
  for (const { kit } of replicas) await kit.life.stop();
});

/** Events reach all replicas, including the publisher. */
let listeners: ((event: unknown) => void)[];
const bus = {
  publish: (_topic: unknown, event: unknown) => {
    if (natsUp) for (const listener of listeners) listener(event);
  },
  subscribe: (_topic: unknown, listener: (event: never) => void) => {
    listeners.push(listener as (event: unknown) => void);
  },
} as never;

async function start(env: Record<string, string> = {}): Promise<Replica> {
  const kit = createKit('push_server', { logLevel: 'silent', shutdownMs: 5_000 });
  const service = new PushService({ kit, pool: store as never, bus, url: origin });
  const values = readEnv(
    { ...providerEnv, ...pushServiceEnv },
    { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', PUSH_SERVICE_URL: origin, ...env },
  );
  const config = pushServiceConfig(values);
  if (!config) throw new Error('it is off');
  const port = await startPushListener(kit, config, service);
  const replica = { kit, service, url: `http://127.0.0.1:${port}` };
  replicas.push(replica);
  return replica;
}

const senders = { PUSH_SERVICE_SENDERS: rawPublicKey(sender.privateKey).toString('base64url') };
const authorization = new Vapid(pem, subject).authorization(new URL(origin));

/** Sends a message as another program of the company does. */
function post(
  replica: Replica,
  headers: Record<string, string>,
  body: string | Buffer = 'hello',
  name = topic,
) {
  return fetch(`${replica.url}/${name}?up=1`, {
    method: 'POST',
    headers: { authorization, ...headers },
    body: new Uint8Array(Buffer.from(body as Buffer)),
  });
}

/** A phone that reads by WebSocket, as ntfy's app does. */
async function webSocketPhone({ url }: Replica, since = 'all', names = topic) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/${names}/ws?since=${since}`);
  sockets.push(socket);
  const lines: Record<string, string>[] = [];
  let closed: number | undefined;
  socket.on('message', (data) => lines.push(JSON.parse(String(data)) as Record<string, string>));
  socket.on('close', (code) => {
    closed = code;
  });
  socket.on('error', () => {});
  await waitUntil(() => lines.some(({ event }) => event === 'open'), {
    what: 'the phone is connected',
    timeoutMs: 30_000,
  });
  const messages = () => lines.filter(({ event }) => event === 'message');
  return {
    socket,
    lines,
    messages,
    texts: () => messages().map(({ message }) => Buffer.from(message ?? '', 'base64').toString()),
    closed: () => closed,
  };
}

async function phoneAt(...at: Replica[]): Promise<DistributorPhone> {
  const phone = new DistributorPhone(origin, () => at.map(({ url }) => url));
  phones.push(phone);
  phone.connect();
  await waitUntil(() => phone.connected, { what: 'the phone is connected', timeoutMs: 30_000 });
  return phone;
}

/** The provider by which a push_server sends this installation's own messages. */
const providerAt = ({ service }: Replica) =>
  new WebPush({ name: 'unifiedpush', key: { pem, subject }, hosts: [], ownService: service });

const bannerFor = ({ subscription }: DistributorPhone): Notification => ({
  id: '00000000-0000-4000-8000-000000000001',
  token: subscription,
  app: '',
  collapseId: 's1',
  expiresAt: Date.now() + 60_000,
  alert: { title: 'Ann', body: 'hello' },
  badge: 3,
  data: { msg_type: 1, from_id: 7 },
});

const comes = (condition: () => boolean, what = 'the message comes') =>
  waitUntil(condition, { what, timeoutMs: 30_000 });

const metric = async ({ kit }: Replica, name: string, labels: Record<string, string> = {}) =>
  sumOf(readMetrics(await kit.metrics.registry.metrics()), `teamtalk_push_server_${name}`, labels);

test('a subscription identifies itself as UnifiedPush, and tells the phone that it may read it', async () => {
  const { url } = await start();
  const answer = async (path: string, init?: RequestInit) => {
    const response = await fetch(url + path, init);
    return [response.status, await response.json()];
  };
  expect(await answer(`/${topic}?up=1`)).toEqual([200, { unifiedpush: { version: 1 } }]);
  expect(await answer(`/${topic}/auth`)).toEqual([200, { success: true }]);
  expect(await answer('/short')).toMatchObject([404, { http: 404 }]);
  expect(await answer(`/${topic}`, { method: 'DELETE' })).toMatchObject([405, {}]);
  expect(await answer(`/${topic}/ws`)).toMatchObject([426, {}]);
});

test('a banner of this installation reaches the phone, whichever push_server it is connected to', async () => {
  const [one, two] = [await start(), await start()];
  const phone = await phoneAt(two);
  const provider = providerAt(one);
  const notification = bannerFor(phone);
  expect(await provider.send(notification)).toMatchObject({ kind: 'accepted' });
  await comes(() => phone.banners.has('s1'));
  expect(phone.banners.get('s1')).toMatchObject({ title: 'Ann', body: 'hello', badge: 3, from_id: 7 });

  expect(await provider.send({ ...notification, alert: undefined, withdraws: true })).toMatchObject({
    kind: 'accepted',
  });
  await comes(() => !phone.banners.has('s1'), 'the banner goes');
  expect(phone.ids.size).toBe(2);

  store.gone.add(mailboxOf(phone.name).toString('hex'));
  expect(await provider.send(notification)).toMatchObject({ kind: 'gone' });
  store.up = false;
  expect(await provider.send(notification)).toMatchObject({ kind: 'retry', afterMs: 5_000 });
  await provider.stop();
});

test('a subscription at another port of the host does not belong to the push service', async () => {
  const replica = await start();
  const phone = await phoneAt(replica);
  const provider = providerAt(replica);
  for (const elsewhere of ['https://push.test:8900', 'http://push.test', 'https://push.test.example.com']) {
    const token = phone.subscription.replace(origin, elsewhere);
    const outcome = await provider.send({ ...bannerFor(phone), token });
    expect(outcome.kind, elsewhere).not.toBe('accepted');
    expect(outcome).toMatchObject({ reason: expect.stringMatching(/host not allowed|no subscription/) });
  }
  await provider.stop();
});

test('other programs may send only with a configured key', async () => {
  const replica = await start(senders);
  const phone = await webSocketPhone(replica);
  const sent = await post(replica, { ttl: '60' });
  expect(sent.status).toBe(201);
  expect(sent.headers.get('location')).toMatch(/^https:\/\/push\.test\/message\/[0-9a-z]+-1$/);
  expect(sent.headers.get('ttl')).toBe('60');
  await comes(() => phone.messages().length === 1);
  expect(phone.messages()[0]).toMatchObject({
    event: 'message',
    topic,
    encoding: 'base64',
    message: Buffer.from('hello').toString('base64'),
  });
  expect((await post(replica, { ttl: '9999999' })).headers.get('ttl')).toBe('86400');

  expect((await post(replica, { ttl: '60', authorization: '' })).status).toBe(401);
  expect((await post(replica, { ttl: '60', authorization: `${authorization}x` })).status).toBe(403);
  expect((await post(await start(), { ttl: '60' })).status, 'no sender is named').toBe(403);
});

test.each([
  ['without a TTL', {}, 'hello', 400],
  ['with an invalid TTL', { ttl: '-1' }, 'hello', 400],
  ['with a topic that is too long', { ttl: '60', topic: 'x'.repeat(33) }, 'hello', 400],
  ['empty', { ttl: '60' }, '', 400],
  ['of the maximum length', { ttl: '60' }, Buffer.alloc(4_096), 201],
  ['above the maximum length', { ttl: '60' }, Buffer.alloc(4_097), 413],
])('a message %s', async (_, headers, body, status) => {
  const replica = await start(senders);
  expect((await post(replica, headers as Record<string, string>, body)).status).toBe(status);
});

test('on connecting, a phone gets the messages it missed, the newest of each topic, exactly once', async () => {
  const replica = await start(senders);
  for (const [text, headers] of [
    ['1', { topic: 'a' }],
    ['2', {}],
    ['3', { topic: 'a' }],
  ] as const) {
    await post(replica, { ttl: '60', ...headers }, text);
  }
  const phone = await webSocketPhone(replica);
  await comes(() => phone.messages().length === 2);
  expect(phone.texts()).toEqual(['2', '3']);
  await post(replica, { ttl: '60' }, '4');
  await comes(() => phone.messages().length === 3);
  expect(new Set(phone.messages().map(({ id }) => id)).size).toBe(3);

  const polled = await (await fetch(`${replica.url}/${topic}/json?poll=1&since=all`)).text();
  expect(polled.trim().split('\n')).toHaveLength(3);
  const none = await webSocketPhone(replica, 'none');
  await post(replica, { ttl: '60' }, '5');
  await comes(() => none.messages().length === 1);
  expect(none.texts()).toEqual(['5']);
});

test('a message with a TTL of 0 reaches only a connected phone and is not kept', async () => {
  const replica = await start(senders);
  const phone = await webSocketPhone(replica);
  await post(replica, { ttl: '0' }, 'now');
  await comes(() => phone.texts().includes('now'));
  expect(store.messages).toEqual([]);
});

test('one connection reads several subscriptions, each under its name', async () => {
  const replica = await start(senders);
  const other = 'upBBBBBBBBBBBB';
  const phone = await webSocketPhone(replica, 'all', `${topic},${other}`);
  await post(replica, { ttl: '60' }, 'one');
  await post(replica, { ttl: '60' }, 'two', other);
  await comes(() => phone.messages().length === 2);
  expect(phone.messages().map((each) => each.topic)).toEqual([topic, other]);
});

test('a phone that connects while the store is unavailable, or misses an event, gets the messages later', async () => {
  const [one, two] = [await start(senders), await start(senders)];
  await post(one, { ttl: '60' }, 'before');
  store.up = false;
  const phone = await webSocketPhone(two);
  expect((await post(one, { ttl: '60' })).status).toBe(503);
  store.up = true;
  natsUp = false;
  await post(one, { ttl: '60' }, 'unannounced');
  expect(phone.texts()).toEqual([]);
  two.service.phones.look();
  await comes(() => phone.messages().length === 2);
  expect(phone.texts()).toEqual(['before', 'unannounced']);
  two.service.phones.look();
  natsUp = true;
  await post(one, { ttl: '60' }, 'last');
  await comes(() => phone.texts().includes('last'));
  expect(phone.messages()).toHaveLength(3);
});

test('the mailboxes of a hundred phones that connect at once are read in few calls', async () => {
  const replica = await start(senders);
  await post(replica, { ttl: '60' });
  const release = store.hold();
  const all = await Promise.all(Array.from({ length: 100 }, () => webSocketPhone(replica)));
  release();
  await comes(() => all.every((phone) => phone.messages().length === 1));
  expect(store.reads).toBe(2);
});

test('a phone that does not read is cut off, and no other phone is', async () => {
  const replica = await start(senders);
  const { hostname, port } = new URL(replica.url);
  const deaf = connect(Number(port), hostname);
  deaf.on('error', () => {});
  deaf.write(`GET /${topic}/json HTTP/1.1\r\nhost: x\r\n\r\n`);
  await waitUntil(async () => (await metric(replica, 'phones_connected')) === 1, {
    what: 'the phone is connected',
    timeoutMs: 30_000,
  });
  deaf.pause();
  const phone = await webSocketPhone(replica);
  let sent = 0;
  await waitUntil(
    async () => {
      await Promise.all(
        Array.from({ length: 50 }, () => replica.service.take(topic, { ttl: '0' }, Buffer.alloc(4_096))),
      );
      sent += 50;
      // The other phone takes everything before more is sent.
      await comes(() => phone.messages().length === sent);
      return (await metric(replica, 'phones_cut_total', { reason: 'slow' })) === 1;
    },
    { what: 'the phone is cut off', timeoutMs: 60_000 },
  );
  expect(await metric(replica, 'phones_connected')).toBe(1);
  deaf.destroy();
});

test('a phone that answers no pings is cut off, and one that does gets keepalives', async () => {
  const replica = await start();
  const phone = await webSocketPhone(replica);
  const silent = await webSocketPhone(replica);
  silent.socket.pong = () => {};
  replica.service.phones.keepAlive();
  await comes(() => phone.lines.some(({ event }) => event === 'keepalive'), 'a line without a message');
  // The phone's pong arrives before the next round.
  await comes(() => silent.lines.some(({ event }) => event === 'keepalive'), 'the same for the silent one');
  await waitUntil(
    () => {
      replica.service.phones.keepAlive();
      return silent.closed() !== undefined;
    },
    { what: 'the silent phone is cut off', timeoutMs: 30_000, everyMs: 200 },
  );
  // No close frame, after which ntfy's app would not reconnect.
  expect(silent.closed()).toBe(1006);
  expect(await metric(replica, 'phones_cut_total', { reason: 'silent' })).toBeGreaterThanOrEqual(1);
});

test('one address may hold half of the connections, behind a proxy as well', async () => {
  const limits = { MAX_CONNECTIONS: '4', ADDRESS_LIMIT_EXEMPT: 'none' };
  for (const env of [limits, { ...limits, TRUSTED_PROXIES: '127.0.0.1' }]) {
    const replica = await start(env);
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    const open = () => {
      const socket = new WebSocket(`${replica.url.replace('http', 'ws')}/${topic}/ws`, { headers });
      sockets.push(socket);
      return new Promise<string>((resolve) => {
        socket.once('open', () => resolve('open'));
        socket.once('error', () => resolve('refused'));
      });
    };
    expect([await open(), await open(), await open()]).toEqual(['open', 'open', 'refused']);
  }
});

test('a stopping push_server cuts off its phones, which get the rest from another one', async () => {
  const [one, two] = [await start(), await start()];
  const phone = await phoneAt(one, two);
  await one.kit.life.stop();
  const provider = providerAt(two);
  expect(await provider.send(bannerFor(phone))).toMatchObject({ kind: 'accepted' });
  await comes(() => phone.banners.has('s1'));
  await provider.stop();
});

test('one address may read half of the allowed subscriptions, by any kind of request', async () => {
  const names = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => `upAAAAAAAAA${String(from + i).padStart(3, '0')}`).join(',');
  const limits = { MAX_CONNECTIONS: '20', ADDRESS_LIMIT_EXEMPT: 'none' };
  for (const env of [limits, { ...limits, TRUSTED_PROXIES: '127.0.0.1' }]) {
    const replica = await start(env);
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    const open = (list: string) => {
      const socket = new WebSocket(`${replica.url.replace('http', 'ws')}/${list}/ws`, { headers });
      sockets.push(socket);
      return new Promise<WebSocket | undefined>((resolve) => {
        socket.once('open', () => resolve(socket));
        socket.once('error', () => resolve(undefined));
      });
    };
    const first = await open(names(0, 30));
    expect(first).toBeDefined();
    expect(await open(names(30, 11))).toBeUndefined();
    expect((await fetch(`${replica.url}/${names(30, 11)}/json`, { headers })).status).toBe(429);
    expect((await fetch(`${replica.url}/${names(30, 11)}/json?poll=1`, { headers })).status).toBe(429);
    expect((await fetch(`${replica.url}/${names(30, 10)}/json?poll=1`, { headers })).status).toBe(200);
    expect(await metric(replica, 'readers_refused_total')).toBe(3);
    first?.terminate();
    await waitUntil(async () => (await open(names(0, 40))) !== undefined, {
      what: 'there is room again',
      timeoutMs: 30_000,
    });
  }
});

test('streams pipelined on one connection count as well', async () => {
  const replica = await start({ MAX_CONNECTIONS: '10', ADDRESS_LIMIT_EXEMPT: 'none' });
  const { hostname, port } = new URL(replica.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  for (let i = 10; i < 50; i++) socket.write(`GET /upAAAAAAAAAA${i}/json HTTP/1.1\r\nhost: x\r\n\r\n`);
  await waitUntil(async () => (await metric(replica, 'readers_refused_total')) === 20, {
    what: 'the rest is refused',
    timeoutMs: 30_000,
  });
  expect(await metric(replica, 'phones_connected')).toBe(20);
  socket.destroy();
  await waitUntil(async () => (await metric(replica, 'phones_connected')) === 0, {
    what: 'they are gone',
    timeoutMs: 30_000,
  });
});

test('a phone that has missed many messages gets them as fast as it takes them, and is not cut off', async () => {
  const replica = await start(senders);
  const many = 150;
  for (let i = 0; i < many; i++) {
    const body = Buffer.alloc(4_096, 'x');
    body.write(`${i} `);
    await replica.service.take(topic, { ttl: '60' }, body);
  }
  const phone = await webSocketPhone(replica);
  await comes(() => phone.messages().length === many, 'all of it comes');
  expect(phone.texts().map((text) => Number.parseInt(text, 10))).toEqual(
    Array.from({ length: many }, (_, i) => i),
  );
  expect(await metric(replica, 'phones_cut_total')).toBe(0);
  const polled = await (await fetch(`${replica.url}/${topic}/json?poll=1&since=all`)).text();
  expect(polled.trim().split('\n')).toHaveLength(many);
});

test('a phone that sends pings but reads no pongs is cut off before they take much memory', async () => {
  const replica = await start();
  const { socket: webSocket, closed } = await webSocketPhone(replica);
  const { _socket: socket } = webSocket as unknown as { _socket: Socket };
  socket.pause();
  const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)]);
  const pings = Buffer.concat(Array<Buffer>(1_000).fill(ping));
  // 65 MB at most, far more than the buffers at both ends.
  for (let sent = 0; sent < 500 && (await metric(replica, 'phones_connected')) > 0; sent++) {
    await new Promise<void>((resolve) => {
      if (closed() !== undefined || socket.destroyed || socket.write(pings)) return resolve();
      socket.once('drain', resolve);
      socket.once('close', resolve);
    });
  }
  await waitUntil(async () => (await metric(replica, 'phones_connected')) === 0, {
    what: 'the phone is cut off',
    timeoutMs: 30_000,
  });
  expect(await metric(replica, 'phones_cut_total', { reason: 'silent' })).toBe(0);
  socket.destroy();
});
