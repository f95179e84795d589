import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.js';

const key = 'a-key-of-16-char';
const path = '/query/SendP2PMessage';

let server: TestServer;
const sockets: Socket[] = [];
beforeEach(async () => {
  server = await TestServer.start({
    HTTP_AUTH: 'keys',
    APP_KEYS: key,
    REQUEST_TIMEOUT_MS: '60000',
    MAX_ALL_BODIES_BYTES: '4194304',
    ADDRESS_LIMIT_EXEMPT: 'none',
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.stop();
});

/** Sends the headers of a request whose body does not follow. @returns the socket and the first bytes of the answer */
async function begin(target: string, headers: string, localAddress = '127.0.0.1') {
  const socket = connect({ port: server.service.ports.http!, host: '127.0.0.1', localAddress });
  sockets.push(socket);
  socket.on('error', () => {});
  socket.write(`POST ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  const answer = once(socket, 'data').then(([chunk]) => String(chunk));
  answer.catch(() => {});
  return { socket, answer };
}

const length = (bytes: number) => `Content-Length: ${bytes}\r\n`;
const reserved = async () => Number(/http_body_bytes (\d+)/.exec(await server.metrics())?.[1]);

describe('before the body is read', () => {
  it.each([
    ['no key', '/v1/messages', '', /^HTTP\/1\.1 401 /],
    ['an unknown key', '/v1/messages', 'Authorization: Bearer bad\r\n', /^HTTP\/1\.1 401 /],
    ['an unknown key in the URL', `${path}?app_key=bad`, '', /"error_code":2,/],
    ['an unknown hook token', '/hooks/bad', '', /^HTTP\/1\.1 404 /],
  ])('%s is refused', async (_, target, headers, expected) => {
    const { answer } = await begin(target, headers + length(1_000_000));
    expect(await answer).toMatch(expected);
    expect(await reserved()).toBe(0);
  });
});

describe('the bodies in flight', () => {
  it('of callers whose key is not known yet are limited, and do not keep others out', async () => {
    const first = await begin(path, length(1_000_000));
    await expect.poll(reserved).toBe(1_000_000);
    const second = await begin(path, length(1_000_000), '127.0.0.2');
    expect(await second.answer).toContain('"error_code":9');
    const chunked = await begin(path, 'Transfer-Encoding: chunked\r\n', '127.0.0.3');
    expect(await chunked.answer).toContain('"error_code":9');
    const message = { from_user_id: 8, session_id: 1, msg: 'hello' };
    expect(await server.post(`${path}?app_key=${key}`, message)).toContain('"error_code":0');
    first.socket.destroy();
    await expect.poll(reserved).toBe(0);
    expect(await server.post(path, { ...message, app_key: key })).toContain('"error_code":0');
  });

  it('are limited for callers with a key, too', async () => {
    for (let i = 0; i < 4; i++) await begin(`${path}?app_key=${key}`, length(1_000_000));
    await expect.poll(reserved).toBe(4_000_000);
    const fifth = await begin('/v1/messages', `Authorization: Bearer ${key}\r\n${length(1_000_000)}`);
    expect(await fifth.answer).toMatch(/^HTTP\/1\.1 503 /);
  });
});
