import { connect } from 'node:net';
import { callByTls, tlsEnv } from '@teamtalk/local-stack';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from './testing/test-server.js';

const path = '/query/SendP2PMessage';
const ok = '{"error_code":0,"error_msg":"成功"}';
const badParameter = '{"error_code":1,"error_msg":"参数错误"}';
const message = { from_user_id: 8, session_id: 1, msg: 'hello' };

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

/** Sends raw bytes and gives all that comes back until the server closes. */
const raw = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(server.service.ports.http!, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });

describe('an unusable body is answered', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', '{"from_user_id":8,'],
    ['no object', '[1,2]'],
    ['null', 'null'],
    ['a text', '"hello"'],
  ])('%s', async (_, body) => {
    expect(await server.post(path, body)).toBe(badParameter);
  });

  it('no UTF-8', async () => {
    const body = Buffer.from(JSON.stringify({ ...message, msg: '\xe9' }), 'latin1');
    expect(await server.post(path, body)).toBe(badParameter);
  });

  it('more than 1 MiB, and the next request is served', async () => {
    const big = JSON.stringify({ ...message, more: 'x'.repeat(1_048_576) });
    expect(await server.post(path, big)).toBe(badParameter);
    expect(await server.post(path, message)).toBe(ok);
  });

  it('an unknown encoding', async () => {
    expect(await server.post(path, message, { 'content-encoding': 'lzma' })).toBe(badParameter);
  });

  it('one that never ends', async () => {
    await server.stop();
    server = await TestServer.start({ REQUEST_TIMEOUT_MS: '500' });
    const answer = await raw(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"from`);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer.endsWith(`\r\n\r\n${badParameter}`)).toBe(true);
  });
});

describe('a request to no endpoint', () => {
  const notAllowed = '{"error_code":5,"error_msg":"未授权的接口"}';

  it.each(['//query/SendP2PMessage', '/query//SendP2PMessage/', '/Query/sendP2PMessage?app_key=x'])(
    '%s is one: callers put paths together in many ways',
    async (written) => {
      expect(await server.post(written, message)).toBe(ok);
    },
  );

  it('an absolute URL in the request line finds the endpoint', async () => {
    const body = JSON.stringify(message);
    const answer = await raw(
      `POST http://127.0.0.1:8400${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer.endsWith(ok)).toBe(true);
  });

  it.each(['/', '/query/Nothing', '/query', '/query/SendP2PMessage/x'])('%s', async (unknown) => {
    expect(await server.post(unknown, message)).toBe(notAllowed);
  });

  it('GET of an endpoint', async () => {
    const response = await fetch(server.url + path);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(badParameter);
  });

  it('a broken URL', async () => {
    expect(await server.post('/%E0%A4%A', message)).toMatch(/^\{"error_code":[15],/);
  });

  it('what is not HTTP', async () => {
    const answer = await raw('noise\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.endsWith(badParameter)).toBe(true);
    expect(await server.metrics()).toContain('http_refused_total{reason="400"} 1\n');
  });
});

describe('the process', () => {
  it('is ready while NATS and a store are there', async () => {
    const ready = async () => {
      const response = await fetch(`http://127.0.0.1:${server.service.ports.ops}/readyz`);
      return [response.status, await response.json()];
    };
    const up = { nats: 'up', db_proxy_server: 'up' };
    expect(await ready()).toEqual([200, { ready: true, draining: false, dependencies: up }]);
    await server.db.stop();
    const down = { ready: false, draining: false, dependencies: { ...up, db_proxy_server: 'down' } };
    await expect.poll(ready).toEqual([503, down]);
  });

  it('answers accepted requests before it stops', async () => {
    const stopping = await TestServer.start();
    const release = stopping.db.hold();
    const answer = stopping.post(path, message);
    await expect.poll(() => stopping.db.entries).toHaveLength(1);
    const stopped = stopping.stop();
    await expect
      .poll(() =>
        fetch(stopping.url).then(
          () => 'open',
          () => 'closed',
        ),
      )
      .toBe('closed');
    release();
    expect(await answer).toBe(ok);
    await stopped;
  });
});

it('serves only HTTPS if it has a certificate', async () => {
  const secure = await TestServer.start(tlsEnv);
  try {
    const port = secure.service.ports.http!;
    const headers = { 'content-type': 'application/json' };
    const answer = await callByTls(port, path, { headers, body: JSON.stringify(message) });
    expect(answer).toEqual({ status: 200, text: ok });
    await expect(secure.post(path, message)).rejects.toThrow();
  } finally {
    await secure.stop();
  }
});
