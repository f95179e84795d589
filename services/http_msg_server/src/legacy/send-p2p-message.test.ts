import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import { createLogger } from '@teamtalk/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.js';

const { AppendStatus } = teamtalk.db;
const path = '/query/SendP2PMessage';
const ok = '{"error_code":0,"error_msg":"成功"}';
const badParameter = '{"error_code":1,"error_msg":"参数错误"}';
const idNotAllowed = '{"error_code":4,"error_msg":"含有不允许发送的Id"}';
const badType = '{"error_code":7,"error_msg":"非法的发送类型"}';
const serverError = '{"error_code":9,"error_msg":"服务器异常"}';
const message = { from_user_id: 8, session_id: 1, msg: 'hello' };
const text = createTextCodec(DEFAULT_TEXT_KEY);

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

const send = (body: unknown, query = '', headers: Record<string, string> = {}) =>
  server.post(path + query, body, headers);

describe('a message', () => {
  it('of the API document is stored encrypted and answered byte for byte', async () => {
    const msg = '{"url:","http://www.mworldex.com/note/id"}';
    const body = `{
    "from_user_id":8,
    "session_id":1,
    "msg":${JSON.stringify(msg)},
    "msg_type":3
}`;
    const response = await fetch(server.url + path, { method: 'POST', body });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.toString('hex')).toBe(Buffer.from(ok).toString('hex'));
    const { fromUserId, toSessionId, msgType, msgData, connectionId, clientKey } = server.db.only;
    expect({ fromUserId, toSessionId, msgType, connectionId }).toEqual({
      fromUserId: 8,
      toSessionId: 1,
      msgType: 3,
      connectionId: 0,
    });
    expect(text.decrypt(msgData)).toBe(msg);
    expect(clientKey).toHaveLength(0);
    expect(server.db.originInstance).toBe(server.service.instance);
  });

  it('is a push notice by default', async () => {
    expect(await send(message)).toBe(ok);
    expect(server.db.only.msgType).toBe(3);
  });

  it.each([
    [2, 'a user'],
    [18, 'a group'],
  ])('of type %d is audio for %s, in base64', async (msg_type) => {
    const sound = Buffer.from([0, 0, 0, 7, 1, 2, 3]);
    expect(await send({ ...message, msg: sound.toString('base64'), msg_type })).toBe(ok);
    expect(server.db.only).toMatchObject({ msgType: msg_type, msgData: sound });
    expect(await send({ ...message, msg: 'AAAABw==', msg_type })).toBe(badParameter);
    expect(await send({ ...message, msg: 'no audio', msg_type })).toBe(badParameter);
  });

  it('of type 17 goes to a group, whose id may be anybody’s', async () => {
    expect(await send({ ...message, session_id: 8, msg_type: 17 })).toBe(ok);
    expect(server.db.only).toMatchObject({ msgType: 17, toSessionId: 8 });
    expect(text.decrypt(server.db.only.msgData)).toBe('hello');
  });

  it('may be a text', async () => {
    expect(await send({ ...message, msg: '你好 👋', msg_type: 1 })).toBe(ok);
    expect(server.db.only.msgType).toBe(1);
    expect(text.decrypt(server.db.only.msgData)).toBe('你好 👋');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=gbk', 'nonsense'])(
    'is read whatever the Content-Type says: %s',
    async (type) => {
      expect(await send(message, '', { 'content-type': type })).toBe(ok);
    },
  );

  it('is encrypted with the configured key', async () => {
    const key = 'another key of 32 bytes in all!!';
    const other = await TestServer.start({ TEXT_KEY: key });
    try {
      expect(await other.post(path, message)).toBe(ok);
      expect(createTextCodec(key).decrypt(other.db.only.msgData)).toBe('hello');
    } finally {
      await other.stop();
    }
  });
});

describe('the sender', () => {
  it.each([
    ['req_user_id in the body', { session_id: 1, msg: 'x', req_user_id: 8 }, ''],
    ['req_user_id in the URL', { session_id: 1, msg: 'x' }, '?app_key=a&req_user_id=8'],
    ['from_user_id in the URL', { session_id: 1, msg: 'x' }, '?from_user_id=8'],
    ['from_user_id as a text', { session_id: '1', msg: 'x', from_user_id: '8' }, ''],
    ['the body before the URL', { session_id: 1, msg: 'x', from_user_id: 8 }, '?req_user_id=anything'],
  ])('%s', async (_, body, query) => {
    expect(await send(body, query)).toBe(ok);
    expect(server.db.only.fromUserId).toBe(8);
    expect(server.db.only.toSessionId).toBe(1);
  });
});

describe('a key of the caller', () => {
  const keyOfOnly = () => Buffer.from(server.db.only.clientKey).toString();

  it('may be the field id', async () => {
    expect(await send({ ...message, id: 'order-1' })).toBe(ok);
    expect(keyOfOnly()).toBe('http:message order-1');
  });

  it('may be a number', async () => {
    expect(await send({ ...message, id: 17 })).toBe(ok);
    expect(keyOfOnly()).toBe('http:message 17');
  });

  it('may be the header Idempotency-Key', async () => {
    expect(await send(message, '', { 'idempotency-key': 'order-1' })).toBe(ok);
    expect(keyOfOnly()).toBe('http:message order-1');
  });

  it('may not be longer than the store accepts', async () => {
    expect(await send({ ...message, id: 'x'.repeat(201) })).toBe(badParameter);
    expect(await send(message, '', { 'idempotency-key': 'x'.repeat(201) })).toBe(badParameter);
    expect(server.db.entries).toEqual([]);
  });
});

describe('refused before the store', () => {
  it.each([
    ['no sender', { session_id: 1, msg: 'x' }],
    ['sender 0', { ...message, from_user_id: 0 }],
    ['a sender that is no number', { ...message, from_user_id: 'alice' }],
    ['a negative receiver', { ...message, session_id: -1 }],
    ['a fraction', { ...message, session_id: 1.5 }],
    ['no receiver', { from_user_id: 8, msg: 'x' }],
    ['a receiver beyond 2^31', { ...message, session_id: 2 ** 31 }],
    ['no text', { from_user_id: 8, session_id: 1 }],
    ['an empty text', { ...message, msg: '' }],
    ['a text that is none', { ...message, msg: { a: 1 } }],
    ['a type that is no number', { ...message, msg_type: 'text' }],
    ['a text too long for Android', { ...message, msg: 'x'.repeat(300_000) }],
  ])('%s: 1', async (_, body) => {
    expect(await send(body)).toBe(badParameter);
    expect(server.db.entries).toEqual([]);
  });

  it.each([0, 4, 16, 99])('type %d: 7', async (msg_type) => {
    expect(await send({ ...message, msg_type })).toBe(badType);
    expect(server.db.entries).toEqual([]);
  });

  it('a message to oneself: 4', async () => {
    expect(await send({ ...message, session_id: 8 })).toBe(idNotAllowed);
    expect(server.db.entries).toEqual([]);
  });
});

describe('the store’s result', () => {
  it.each([
    ['unknown receiver or sender', AppendStatus.APPEND_UNKNOWN_RECEIVER, idNotAllowed],
    ['invalid', AppendStatus.APPEND_INVALID, badParameter],
    ['unavailable', AppendStatus.APPEND_UNAVAILABLE, serverError],
  ])('%s', async (_, status, answer) => {
    server.db.decide = () => status;
    expect(await send(message)).toBe(answer);
  });

  it('is waited for', async () => {
    const release = server.db.hold();
    let answered = false;
    const answer = send(message).finally(() => {
      answered = true;
    });
    await expect.poll(() => server.db.entries).toHaveLength(1);
    // Time for an answer that does not wait to come: a whole request of another kind.
    await server.post('/', '');
    expect(answered).toBe(false);
    release();
    expect(await answer).toBe(ok);
  });

  it('no store at all: 9', async () => {
    const alone = await TestServer.start({ STORE_TIMEOUT_MS: '200' });
    try {
      await alone.db.stop();
      await expect.poll(() => alone.service.health.report().dependencies.db_proxy_server).toBe('down');
      expect(await alone.post(path, message)).toBe(serverError);
    } finally {
      await alone.stop();
    }
  });

  it('too much in flight: 9 at once', async () => {
    const small = await TestServer.start({ MAX_APPENDS: '1', STORE_TIMEOUT_MS: '60000' });
    try {
      const release = small.db.hold();
      const first = small.post(path, message);
      await expect.poll(() => small.db.entries).toHaveLength(1);
      expect(await small.post(path, message)).toBe(serverError);
      release();
      expect(await first).toBe(ok);
    } finally {
      await small.stop();
    }
  });
});

describe('the forks’ endpoints', () => {
  it.each([
    ['/query/SendSingleMessage', 1, [1, 2, 3], [17, 18]],
    ['/query/SendGroupMessage', 17, [17, 18], [1, 2, 3]],
  ])('%s tells msg_id, and takes its own types only', async (fork, usual, allowed, others) => {
    server.db.decide = () => AppendStatus.APPEND_STORED;
    const sent = { from_user_id: 8, session_id: 1, msg: 'AAAABwECAw==' };
    expect(await server.post(fork, sent)).toBe('{"error_code":0,"error_msg":"成功","msg_id":1}');
    expect(server.db.only.msgType).toBe(usual);
    for (const msg_type of allowed) {
      expect(await server.post(fork, { ...sent, msg_type })).toMatch(/^\{"error_code":0,/);
    }
    for (const msg_type of others) expect(await server.post(fork, { ...sent, msg_type })).toBe(badType);
  });

  it('a group may be named by group_id', async () => {
    await server.post('/query/SendGroupMessage', { from_user_id: 8, group_id: 5, msg: 'x' });
    expect(server.db.only.toSessionId).toBe(5);
  });
});

describe('the log and the metrics', () => {
  it('name the message by its trace id, without its text or the app_key', async () => {
    const lines: string[] = [];
    const log = createLogger({
      service: 'http_msg_server',
      instance: 1,
      level: 'debug',
      destination: { write: (line) => lines.push(line) },
    });
    const logged = await TestServer.start({}, { log });
    try {
      await logged.post(`${path}?app_key=secret-key`, { ...message, msg: 'secret text' });
      const { requestId } = logged.db.only;
      const hex = (n: number) => n.toString(16).padStart(8, '0');
      const access = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'request answered');
      expect(access).toMatchObject({
        route: path,
        code: 0,
        trace: hex(logged.service.instance) + hex(requestId),
      });
      expect(lines.join('')).not.toMatch(/secret/);
    } finally {
      await logged.stop();
    }
  });

  it('count by endpoint and error_code', async () => {
    await send(message);
    await send({});
    const page = await server.metrics();
    expect(page).toContain(`http_requests_total{route="${path}",app="none",error_code="0"} 1\n`);
    expect(page).toContain(`http_requests_total{route="${path}",app="none",error_code="1"} 1\n`);
    expect(page).toContain(`http_request_seconds_count{route="${path}"} 2\n`);
  });
});
