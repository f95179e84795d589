import { readFileSync } from 'node:fs';
import http2, { type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { certificateFiles } from '@teamtalk/local-stack';
import { afterEach, expect, test } from 'vitest';
import { NotSent } from '../provider.js';
import { ApnsConnection } from './apns-connection.js';

const { certFile, keyFile } = certificateFiles('first');
const cert = readFileSync(certFile, 'utf8');
const longMs = 20_000;

let server: Server;
let connection: ApnsConnection;

afterEach(async () => {
  connection.close();
  await new Promise((resolve) => server.close(resolve));
});

async function listen(to: Server): Promise<string> {
  server = to;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

const ask = (ms: number) => connection.request({ ':path': '/' }, Buffer.from('{}'), ms);
const failures = async (requests: Promise<unknown>[]) =>
  (await Promise.allSettled(requests)).map((result) => result.status === 'rejected' && result.reason);

test('a connection that is accepted but never speaks is given up, and with it all that wait for it', async () => {
  const closed: Promise<unknown>[] = [];
  const silent = createServer((socket) => {
    socket.on('error', () => {}).resume();
    closed.push(new Promise((resolve) => socket.on('close', resolve)));
  });
  connection = new ApnsConnection({ origin: await listen(silent), ca: cert }, 300);
  const errors = await failures([ask(longMs), ask(longMs), ask(50)]);
  expect(errors).toEqual([expect.any(NotSent), expect.any(NotSent), expect.any(NotSent)]);
  expect(closed).toHaveLength(1);
  await closed[0];
  await expect(ask(longMs)).rejects.toThrow('no connection within');
  expect(closed).toHaveLength(2);
});

test('what waits in vain for a stream does not disturb what has one, and is not sent later', async () => {
  const streams: ServerHttp2Stream[] = [];
  let sessions = 0;
  const answer = (stream: ServerHttp2Stream | undefined) => {
    stream?.respond({ ':status': 200 });
    stream?.end();
  };
  const one = http2.createSecureServer({
    cert,
    key: readFileSync(keyFile),
    settings: { maxConcurrentStreams: 1 },
  });
  one.on('session', () => sessions++);
  one.on('stream', (stream) => {
    stream.on('error', () => {}).resume();
    if (streams.push(stream) > 1) answer(stream);
  });
  connection = new ApnsConnection({ origin: await listen(one), ca: cert }, longMs);
  const slow = ask(longMs);
  await expect.poll(() => streams.length).toBe(1);
  const errors = await failures([ask(50), ask(60), ask(70)]);
  expect(errors).toEqual([expect.any(NotSent), expect.any(NotSent), expect.any(NotSent)]);
  const next = ask(longMs);
  answer(streams[0]);
  expect(await slow).toMatchObject({ status: 200 });
  expect(await next).toMatchObject({ status: 200 });
  expect([streams.length, sessions]).toEqual([2, 1]);
});
