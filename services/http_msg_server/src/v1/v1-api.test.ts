import { createHash } from 'node:crypto';
import { teamtalk } from '@teamtalk/rpc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.js';

const { AppendStatus } = teamtalk.db;
const message = { from_user_id: 8, to: { user_id: 1 }, msg: 'hello' };

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
  const app = (name: string, more = {}) => ({
    appId: 1,
    name,
    keyHash: createHash('sha256').update(name).digest(),
    permissions: ['p2p', 'broadcast'],
    ...more,
  });
  server.db.apps = [
    app('key'),
    app('other', { appId: 2, permissions: ['users:read'] }),
    app('bound', { appId: 3, userId: 8 }),
    app('slow', { appId: 4, rate: 1 }),
    app('elsewhere', { appId: 5, addresses: ['10.0.0.0/8'] }),
  ];
});
afterEach(() => server.stop());

interface Reply {
  status: number;
  type: string | null;
  headers: Headers;
  body: { type?: string; errors?: { at: string }[] } & Record<string, unknown>;
}

async function call(
  path: string,
  {
    method = 'POST',
    key = 'key',
    body,
    headers = {},
  }: { method?: string; key?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { ...(key && { authorization: `Bearer ${key}` }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    headers: response.headers,
    body: text === '' ? {} : JSON.parse(text),
  };
}

const send = (body: unknown, more = {}) => call('/v1/messages', { body, ...more });

describe('a message', () => {
  it('is stored and answered by 201', async () => {
    const reply = await send(message);
    expect(reply).toMatchObject({
      status: 201,
      type: 'application/json; charset=utf-8',
      body: { msg_id: 1 },
    });
    expect(reply.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{16}$/);
    expect(server.db.only).toMatchObject({ fromUserId: 8, toSessionId: 1, msgType: 1 });
  });

  it('may go to a group, and be audio', async () => {
    await send({ ...message, to: { group_id: 5 } });
    await send({ ...message, to: { group_id: 5 }, type: 'audio', msg: 'AAAABwECAw==' });
    await send({ ...message, type: 'notice' });
    expect(server.db.entries.map(({ msgType }) => msgType)).toEqual([17, 18, 3]);
  });

  it('needs no sender from an app that speaks as one user', async () => {
    expect((await send({ to: { user_id: 1 }, msg: 'x' }, { key: 'bound' })).status).toBe(201);
    expect(server.db.only.fromUserId).toBe(8);
    expect((await send({ to: { user_id: 1 }, msg: 'x' })).status).toBe(400);
  });

  it('has the caller’s idempotency key', async () => {
    await send({ ...message, id: 'a' });
    await send(message, { headers: { 'idempotency-key': 'b' } });
    const keys = server.db.entries.map(({ clientKey }) => Buffer.from(clientKey).toString());
    expect(keys).toEqual(['http:1 message a', 'http:1 message b']);
  });
});

describe('problems', () => {
  it.each([
    ['no key', () => send(message, { key: '' }), 401, 'unknown-app'],
    ['an unknown key', () => send(message, { key: 'x' }), 401, 'unknown-app'],
    ['another permission', () => send(message, { key: 'other' }), 403, 'not-permitted'],
    ['another address', () => send(message, { key: 'elsewhere' }), 403, 'wrong-address'],
    ['another sender', () => send({ ...message, from_user_id: 9 }, { key: 'bound' }), 403, 'wrong-sender'],
    ['no JSON', () => send('{"to":'), 400, 'invalid-request'],
    ['no body', () => send(undefined), 400, 'invalid-request'],
    ['an unknown field', () => send({ ...message, more: 1 }), 400, 'invalid-request'],
    ['too many levels', () => send('['.repeat(50) + ']'.repeat(50)), 400, 'invalid-request'],
    ['an endless key', () => send({ ...message, id: 'x'.repeat(201) }), 400, 'invalid-request'],
    ['too large', () => send({ ...message, msg: 'x'.repeat(1_100_000) }), 413, 'too-large'],
    ['too long for clients', () => send({ ...message, msg: 'x'.repeat(300_000) }), 413, 'too-large'],
    ['no audio', () => send({ ...message, type: 'audio' }), 400, 'invalid-request'],
    [
      'a notice to a group',
      () => send({ ...message, to: { group_id: 1 }, type: 'notice' }),
      422,
      'not-possible',
    ],
    ['oneself', () => send({ ...message, to: { user_id: 8 } }), 422, 'not-possible'],
    ['no path', () => call('/v1/nothing'), 404, 'not-found'],
    ['no method', () => call('/v1/messages', { method: 'DELETE' }), 405, 'method-not-allowed'],
    ['no id', () => call('/v1/broadcasts/x', { method: 'GET' }), 400, 'invalid-request'],
    ['an unknown parameter', () => call('/v1/broadcasts/1?x=1', { method: 'GET' }), 400, 'invalid-request'],
  ])('%s', async (_, make, status, kind) => {
    const reply = await make();
    expect(reply).toMatchObject({
      status,
      type: 'application/problem+json; charset=utf-8',
      body: { type: `urn:teamtalk:problem:${kind}`, status },
    });
    expect(server.db.entries).toEqual([]);
  });

  it.each(['0', '-1', '1.5', '2147483648', '4294967297', '1e400', 'NaN', '%00', '9'.repeat(400)])(
    'an invalid id: %s',
    async (id) => {
      expect((await call(`/v1/broadcasts/${id}`, { method: 'GET' })).status).toBe(400);
    },
  );

  it.each(['__proto__', 'constructor', 'toString'])(
    'a field %s does not pollute prototypes',
    async (name) => {
      const fields = JSON.stringify(message).slice(1);
      const { status } = await send(`{"${name}":{"polluted":true},${fields}`);
      expect([201, 400]).toContain(status);
      expect(({} as { polluted?: true }).polluted).toBeUndefined();
    },
  );

  it('say where in the body', async () => {
    const { body } = await send({ ...message, to: { user_id: 'x' }, msg: '' });
    expect(body.errors?.map(({ at }) => at)).toEqual(expect.arrayContaining(['/to', '/msg']));
  });

  it.each([
    [AppendStatus.APPEND_UNKNOWN_RECEIVER, 422],
    [AppendStatus.APPEND_NOT_A_MEMBER, 422],
    [AppendStatus.APPEND_UNAVAILABLE, 503],
  ])('what the store says: %d', async (decision, status) => {
    server.db.decide = () => decision;
    expect((await send(message)).status).toBe(status);
  });

  it('too many calls get Retry-After', async () => {
    const replies = [];
    for (let i = 0; i < 4; i++) replies.push(await send(message, { key: 'slow' }));
    const refused = replies.find(({ status }) => status === 429);
    expect(refused?.headers.get('retry-after')).toBe('1');
  });
});

describe('without a key', () => {
  it('the OpenAPI document', async () => {
    const { status, body } = await call('/v1/openapi.json', { method: 'GET', key: '' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ openapi: '3.1.0' });
  });

  it('the page, from here alone', async () => {
    const page = await fetch(`${server.url}/v1/docs`);
    expect(page.url).toBe(`${server.url}/v1/docs/`);
    const text = await page.text();
    expect(text).not.toMatch(/https?:\/\//);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    for (const [, file] of text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await fetch(`${server.url}/v1/docs/${file}`)).status, file).toBe(200);
    }
    expect((await fetch(`${server.url}/v1/docs/package.json`)).status).toBe(404);
  });
});

it('counts by operation, app and status', async () => {
  await send(message);
  await send({});
  const page = await server.metrics();
  expect(page).toContain('v1_requests_total{operation="sendMessage",app="key",status="201"} 1\n');
  expect(page).toContain('v1_requests_total{operation="sendMessage",app="key",status="400"} 1\n');
});
