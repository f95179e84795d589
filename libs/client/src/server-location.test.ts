import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { TeamTalkClient } from './client.js';
import { fileServerAddress, findServers } from './server-location.js';
import { MiniMsgServer } from './testing/mini-msg-server.js';

const { signal } = new AbortController();
let server: Server | undefined;

/** A login_server that answers GET /msg_server with this. */
async function loginServer(answer: string): Promise<string> {
  server = createServer((request, response) => {
    response.statusCode = request.url === '/msg_server' ? 200 : 404;
    response.end(request.url === '/msg_server' ? answer : '');
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

describe('findServers', () => {
  it('uses a given address', async () => {
    const address = { host: 'chat.example', port: 8000 };
    expect(await findServers(address, signal)).toEqual([address]);
  });

  it('returns all WebSocket URLs in random order', async () => {
    const urls = ['ws://a/', 'ws://b:9090/', 'wss://c/'];
    const firsts = new Set<string | undefined>();
    for (let i = 0; i < 200; i++) {
      const found = await findServers({ url: urls }, signal);
      expect(found.map(({ url }) => url).sort()).toEqual(urls);
      firsts.add(found[0]?.url);
    }
    expect([...firsts].sort()).toEqual(urls);
    await expect(findServers({ url: [] }, signal)).rejects.toThrow(RangeError);
    await expect(findServers({ url: ['ws://a/', 'http://b/'] }, signal)).rejects.toThrow(/http:/);
  });

  it('returns the primary and backup address of a login_server, whose port is a string', async () => {
    const url = await loginServer(
      '{"code":0,"msg":"OK","priorIP":"10.0.0.1","backupIP":"10.0.0.2","port":"8000"}',
    );
    expect(await findServers({ loginServer: url }, signal)).toEqual([
      { host: '10.0.0.1', port: 8000 },
      { host: '10.0.0.2', port: 8000 },
    ]);
  });

  it.each([
    ['it has no msg_server', '{"code":1,"msg":"no msg_server"}', /no msg_server: no msg_server \(code 1\)/],
    ['the port is invalid', '{"code":0,"priorIP":"10.0.0.1","backupIP":"","port":"0"}', /no usable address/],
    ['there is no address', '{"code":0,"port":"8000"}', /no usable address/],
    ['it does not answer with JSON', 'hello', /does not answer/],
    ['it does not answer with an object', 'null', /has no msg_server/],
  ])('fails when %s', async (_, answer, message) => {
    const url = await loginServer(answer);
    const finding = findServers({ loginServer: url }, signal);
    await expect(finding).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(message),
    });
  });

  it('fails when nothing listens', async () => {
    const finding = findServers({ loginServer: 'http://127.0.0.1:1' }, signal);
    await expect(finding).rejects.toMatchObject({ code: 'unreachable' });
  });
});

it('times out on a silent login_server, also under garbage collection', async () => {
  server = createServer(() => {});
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  setFlagsFromString('--expose-gc');
  const collecting = setInterval(runInNewContext('gc') as () => void, 10);
  const client = new TeamTalkClient({ loginServer: url, connectDeadlineMs: 300 });
  try {
    await expect(client.login({ name: 'u7', password: 'x' })).rejects.toMatchObject({ code: 'unreachable' });
  } finally {
    clearInterval(collecting);
    await client.close();
  }
}, 10_000);

it('falls back to the second address', async () => {
  const mini = await MiniMsgServer.start();
  const { port } = mini.scripted.address;
  const url = await loginServer(
    JSON.stringify({ code: 0, priorIP: '127.0.0.2', backupIP: '127.0.0.1', port: String(port) }),
  );
  const client = new TeamTalkClient({ loginServer: url, connectDeadlineMs: 2000 });
  await client.login({ name: 'u7', password: 'x' });
  expect(client.server).toEqual({ host: '127.0.0.1', port });
  await client.close();
  await mini.stop();
});

describe('fileServerAddress', () => {
  const server = { host: '192.0.2.7', port: 8601 };

  it.each([
    ['wss://{host}:9600/', 'wss://192.0.2.7:9600/', 9600],
    ['wss://files.example.com/{host}/{port}', 'wss://files.example.com/192.0.2.7/8601', 443],
    [
      ({ host, port }: { host: string; port: number }) => `ws://${host}:${port + 1000}/`,
      'ws://192.0.2.7:9601/',
      9601,
    ],
  ])('turns the address into a WebSocket URL: %s', (url, expected, port) => {
    expect(fileServerAddress(server, url)).toMatchObject({ url: expected, port });
  });

  it('keeps the address if there is no URL, and puts brackets around IPv6', () => {
    expect(fileServerAddress(server, undefined)).toBe(server);
    expect(fileServerAddress({ host: '2001:db8::7', port: 8600 }, 'ws://{host}:9600/').url).toBe(
      'ws://[2001:db8::7]:9600/',
    );
  });

  it('is checked when the client is constructed', () => {
    for (const fileServerUrl of ['http://{host}/', '{host}:9600']) {
      expect(() => new TeamTalkClient({ host: 'x', port: 1, fileServerUrl }), fileServerUrl).toThrow(
        RangeError,
      );
    }
  });
});
