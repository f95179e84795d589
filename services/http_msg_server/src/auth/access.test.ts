import { createHash, createHmac } from 'node:crypto';
import type { httpApi } from '@teamtalk/rpc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.js';

const path = '/query/SendP2PMessage';
const message = { from_user_id: 8, session_id: 1, msg: 'hello' };
const firstKey = 'first-key-of-16-';
const secondKey = 'second_key_of_20_char';
const ok = '{"error_code":0,"error_msg":"成功"}';
const answers = {
  key: '{"error_code":2,"error_msg":"appKey不存在"}',
  sender: '{"error_code":3,"error_msg":"appKey与用户不匹配"}',
  permission: '{"error_code":5,"error_msg":"未授权的接口"}',
  address: '{"error_code":6,"error_msg":"未授权的IP"}',
  rate: '{"error_code":9,"error_msg":"服务器异常"}',
};

function app(key: string, more: httpApi.api.App.$Properties = {}): httpApi.api.App.$Properties {
  return {
    appId: 1,
    name: key,
    keyHash: createHash('sha256').update(key).digest(),
    permissions: ['p2p', 'group'],
    ...more,
  };
}

let server: TestServer;
const start = async (apps: httpApi.api.App.$Properties[], env: NodeJS.ProcessEnv = {}) => {
  server = await TestServer.start({ HTTP_AUTH: 'keys', ...env });
  server.db.apps = apps;
};
afterEach(() => server.stop());

describe('app_key', () => {
  it('is ignored when the API is open', async () => {
    await start([app('known', { permissions: ['group'] })], { HTTP_AUTH: 'open' });
    expect(await server.post(`${path}?app_key=whatever`, message)).toBe(ok);
  });

  it('is ignored from an address that needs none, which a proxy that is not trusted does not have', async () => {
    await start([app('known', { permissions: ['group'] })], { HTTP_AUTH: 'addresses' });
    expect(await server.post(path, message)).toBe(ok);
    expect(await server.post(`${path}?app_key=whatever`, message)).toBe(ok);
    // A key that is not needed is looked up among the apps that are known, which are read again every few seconds.
    await expect
      .poll(() => server.post(`${path}?app_key=known`, message), { timeout: 20_000 })
      .toBe(answers.permission);
    for (const header of ['x-forwarded-for', 'forwarded']) {
      const answer = await server.post(path, message, { [header]: '127.0.0.1' });
      expect(JSON.parse(answer)).toMatchObject({ error_code: 2, detail: expect.stringContaining('app_key') });
    }
    expect(await server.post(`${path}?app_key=whatever`, message, { 'x-forwarded-for': '::1' })).toBe(
      answers.key,
    );
  });

  it('is needed by web pages, whatever their address, except this server’s own', async () => {
    await start([], { HTTP_AUTH: 'addresses', APP_KEYS: firstKey });
    const { port } = new URL(server.url);
    const fromPage = (origin: string, query = '') => server.post(path + query, message, { origin });
    for (const origin of [
      'https://evil.example',
      `http://evil.example:${port}`,
      'http://127.0.0.1:1',
      'null',
    ])
      expect(JSON.parse(await fromPage(origin))).toMatchObject({ error_code: 2 });
    expect(server.db.entries).toEqual([]);
    expect(await fromPage('https://evil.example', `?app_key=${firstKey}`)).toBe(ok);
    expect(await fromPage(server.url)).toBe(ok);
  });

  it('is needed from other addresses, behind a trusted proxy too', async () => {
    await start([], {
      HTTP_AUTH: 'addresses',
      HTTP_KEYLESS_ADDRESSES: '10.0.0.0/8',
      TRUSTED_PROXIES: '127.0.0.1',
      APP_KEYS: firstKey,
    });
    const from = (address: string, query = '') =>
      server.post(path + query, message, { 'x-forwarded-for': address });
    expect(await from('10.1.2.3')).toBe(ok);
    expect(JSON.parse(await from('10.1.2.3, 192.168.1.1'))).toMatchObject({ error_code: 2 });
    expect(await from('192.168.1.1', `?app_key=${firstKey}`)).toBe(ok);
    expect(JSON.parse(await server.post(path, message))).toMatchObject({ error_code: 2 });
  });

  it('must be one of the configured ones or of an app, in the URL or in the body', async () => {
    await start([app('third')], { APP_KEYS: `${firstKey}, ${secondKey}` });
    for (const body of [message, { ...message, app_key: 1 }]) {
      expect(JSON.parse(await server.post(path, body))).toMatchObject({ error_code: 2 });
    }
    expect(await server.post(path, { ...message, app_key: '' })).toBe(answers.key);
    expect(await server.post(`${path}?app_key=fourth`, message)).toBe(answers.key);
    expect(server.db.entries).toEqual([]);
    expect(await server.post(`${path}?app_key=${secondKey}`, message)).toBe(ok);
    expect(await server.post(`${path}?app_key=third`, message)).toBe(ok);
    expect(await server.post(path, { ...message, app_key: firstKey })).toBe(ok);
  });

  it('of a new app counts at once, of a revoked one no longer after two seconds', async () => {
    await start([]);
    expect(await server.post(`${path}?app_key=new`, message)).toBe(answers.key);
    server.db.apps = [app('new')];
    expect(await server.post(`${path}?app_key=new`, message)).toBe(ok);
    server.db.apps = [];
    await expect
      .poll(() => server.post(`${path}?app_key=new`, message), { timeout: 10_000 })
      .toBe(answers.key);
  });

  it('needs no lookup per call', async () => {
    await start([app('one')]);
    await server.post(`${path}?app_key=one`, message);
    const before = server.db.appQuestions;
    for (let i = 0; i < 50; i++) await server.post(`${path}?app_key=one`, message);
    expect(server.db.appQuestions - before).toBeLessThan(5);
  });

  it('names the app in the metrics', async () => {
    await start([app('one')]);
    await server.post(`${path}?app_key=one`, message);
    expect(await server.metrics()).toContain(
      `http_requests_total{route="${path}",app="one",error_code="0"} 1\n`,
    );
  });
});

describe('an app', () => {
  it('may call the endpoints it is allowed', async () => {
    await start([app('k', { permissions: ['group'] })]);
    expect(await server.post(`${path}?app_key=k`, message)).toBe(answers.permission);
  });

  it.each([
    [['10.0.0.0/8', '::1/128'], answers.address],
    [['127.0.0.0/8'], ok],
    [['127.0.0.1/32', '192.168.0.0/16'], ok],
  ])('calls from its addresses: %s', async (addresses, answer) => {
    await start([app('k', { addresses })]);
    expect(await server.post(`${path}?app_key=k`, message)).toBe(answer);
  });

  it('behind a proxy that is trusted calls from where the proxy says', async () => {
    await start([app('k', { addresses: ['10.0.0.0/8'] })], { TRUSTED_PROXIES: '127.0.0.0/8' });
    const from = (address: string) =>
      server.post(`${path}?app_key=k`, message, { 'x-forwarded-for': address });
    expect(await from('10.1.2.3')).toBe(ok);
    expect(await from('10.1.2.3, 192.168.1.1')).toBe(answers.address);
  });

  it('does not say itself where it calls from', async () => {
    await start([app('k', { addresses: ['10.0.0.0/8'] })]);
    const headers = { 'x-forwarded-for': '10.1.2.3' };
    expect(await server.post(`${path}?app_key=k`, message, headers)).toBe(answers.address);
  });

  it('acts as its user, whom it need not name', async () => {
    await start([app('k', { userId: 8 })]);
    expect(await server.post(`${path}?app_key=k`, { ...message, from_user_id: 9 })).toBe(answers.sender);
    expect(await server.post(`${path}?app_key=k&req_user_id=9`, { session_id: 1, msg: 'x' })).toBe(
      answers.sender,
    );
    expect(await server.post(`${path}?app_key=k`, { session_id: 1, msg: 'x' })).toBe(ok);
    expect(server.db.only.fromUserId).toBe(8);
  });

  it('may act as the administration (user 0) only to change groups and when not bound to a user', async () => {
    await start([
      app('one', { userId: 8, permissions: ['group'] }),
      app('p2p', { appId: 2, permissions: ['p2p'] }),
      app('group', { appId: 3, permissions: ['group'] }),
      app('admin', { appId: 4, permissions: ['groups:admin'] }),
    ]);
    for (const [key, answer] of [
      ['one', answers.sender],
      ['p2p', answers.permission],
      ['group', answers.permission],
      // The store here makes no groups: it was asked for one.
      ['admin', '{"error_code":9,"error_msg":"服务器异常"}'],
    ] as const) {
      const group = { req_user_id: 0, group_name: 'all', group_type: 1, user_id_list: ['1'] };
      expect(await server.post(`/query/CreateGroup?app_key=${key}`, group), key).toBe(answer);
      const change = { req_user_id: '0', group_id: '7', modify_type: '1', user_id_list: ['1'] };
      expect(await server.post(`/query/ChangeMembers?app_key=${key}`, change), key).toBe(answer);
    }
    // Other endpoints accept no user 0.
    expect(await server.post(`${path}?app_key=p2p`, { ...message, from_user_id: 0 })).toBe(
      '{"error_code":1,"error_msg":"参数错误"}',
    );
  });

  it('is limited by its rate', async () => {
    await start([app('k', { rate: 2 })]);
    const calls = [];
    for (let i = 0; i < 10; i++) calls.push(await server.post(`${path}?app_key=k`, message));
    expect(calls.slice(0, 2)).toEqual([ok, ok]);
    expect(calls).toContain(answers.rate);
    await expect.poll(() => server.post(`${path}?app_key=k`, message)).toBe(ok);
  });

  it('has keys of its own: the same one of two apps is two messages', async () => {
    await start([app('a'), app('b', { appId: 2 })]);
    for (const key of ['a', 'b']) await server.post(`${path}?app_key=${key}`, { ...message, id: 'x' });
    const keys = server.db.entries.map(({ clientKey }) => Buffer.from(clientKey).toString());
    expect(keys).toEqual(['http:1 message x', 'http:2 message x']);
  });
});

describe('a signed request', () => {
  const signingKey = 'the signing key';
  const body = JSON.stringify(message);
  const now = () => String(Math.floor(Date.now() / 1000));

  beforeEach(() =>
    start([{ appId: 1, name: 'signer', signingKey: Buffer.from(signingKey), permissions: ['p2p'] }]),
  );

  function headers(nonce: string, time = now(), signedBody = body, key = signingKey) {
    const digest = createHash('sha256').update(signedBody).digest('hex');
    return {
      'x-teamtalk-app': 'signer',
      'x-teamtalk-time': time,
      'x-teamtalk-nonce': nonce,
      'x-teamtalk-signature': createHmac('sha256', key)
        .update(`POST\n${path}\n${time}\n${nonce}\n${digest}`)
        .digest('hex'),
    };
  }

  it('is served once', async () => {
    const signed = headers('n1');
    expect(await server.post(path, body, signed)).toBe(ok);
    expect(await server.post(path, body, signed)).toBe(answers.key);
    expect(await server.post(path, body, headers('n2'))).toBe(ok);
    expect(server.db.entries).toHaveLength(2);
  });

  it.each([
    ['another body', headers('a', now(), '{}')],
    ['another key', headers('b', now(), body, 'guessed')],
    ['an old time', headers('c', String(Number(now()) - 400))],
    ['a time to come', headers('d', String(Number(now()) + 400))],
    ['no nonce', headers('')],
    ['an endless nonce', headers('x'.repeat(65))],
    ['no time', headers('e', '')],
    ['another app', { ...headers('f'), 'x-teamtalk-app': 'nobody' }],
    ['a short signature', { ...headers('g'), 'x-teamtalk-signature': '00' }],
  ])('is refused with %s', async (_, signed) => {
    expect(await server.post(path, body, signed)).toBe(answers.key);
    expect(server.db.entries).toEqual([]);
  });

  it('is refused when its nonce cannot be checked', async () => {
    expect(await server.post(path, body, headers('n1'))).toBe(ok);
    await server.db.stop();
    await expect.poll(() => server.service.health.report().dependencies.db_proxy_server).toBe('down');
    expect(await server.post(path, body, headers('n3'))).toBe(answers.rate);
  });
});
