import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChannelCredentials, Client, Server, type ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { channelCredentials, serverCredentials } from './credentials.js';

const certificates = fileURLToPath(new URL('../../../tests/e2e/src/certificates/', import.meta.url));
const serverName = 'db-proxy-server';
const pass = (bytes: Buffer) => bytes;
const echo = {
  path: '/test/Echo',
  requestStream: false,
  responseStream: false,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
} as const;

/** Certificates of one authority, and of another one. */
const one = { ca: 'ca.cert.pem', cert: 'service.cert.pem', key: 'service.key.pem' };
const other = { ca: 'other-ca.cert.pem', cert: 'stranger.cert.pem', key: 'stranger.key.pem' };
const filesOf = ({ ca, cert, key }: typeof one, folder = certificates) => ({
  caFile: path.join(folder, ca),
  certFile: path.join(folder, cert),
  keyFile: path.join(folder, key),
  serverName,
});

let folder: string;
const stops: (() => void)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-rpc-'));
});
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await rm(folder, { recursive: true });
});

/** Puts certificates where the services look for them. */
async function install(set: typeof one): Promise<ReturnType<typeof filesOf>> {
  for (const part of ['ca', 'cert', 'key'] as const) {
    await copyFile(path.join(certificates, set[part]), path.join(folder, part));
  }
  return filesOf({ ca: 'ca', cert: 'cert', key: 'key' }, folder);
}

function listen(credentials: ServerCredentials): Promise<string> {
  const server = new Server();
  stops.push(() => server.forceShutdown());
  server.addService(
    { echo },
    {
      echo: (call: { request: Buffer }, done: (error: null, answer: Buffer) => void) =>
        done(null, call.request),
    },
  );
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
      if (error) reject(error);
      else resolve(`127.0.0.1:${port}`);
    });
  });
}

function open(address: string, credentials: ChannelCredentials): Client {
  const client = new Client(address, credentials);
  stops.push(() => client.close());
  return client;
}

function ask(client: Client): Promise<boolean> {
  return new Promise((resolve) => {
    const deadline = Date.now() + 10_000;
    client.makeUnaryRequest(echo.path, pass, pass, Buffer.from('x'), { deadline }, (error) =>
      resolve(!error),
    );
  });
}

it('a server reloads certificate and CA; existing connections stay', async () => {
  const address = await listen(serverCredentials(await install(one), 20));
  const connected = open(address, channelCredentials(filesOf(one)));
  expect(await ask(connected)).toBe(true);
  expect(await ask(open(address, channelCredentials(filesOf(other))))).toBe(false);

  await install(other);
  await vi.waitUntil(() => ask(open(address, channelCredentials(filesOf(other)))), { timeout: 10_000 });
  expect(await ask(connected)).toBe(true);
  expect(await ask(open(address, channelCredentials(filesOf(one))))).toBe(false);
});

it('a caller reloads certificate and CA for new connections', async () => {
  const before = await listen(serverCredentials(filesOf(one)));
  const after = await listen(serverCredentials(filesOf(other)));
  const credentials = channelCredentials(await install(one), 20);
  const connected = open(before, credentials);
  expect(await ask(connected)).toBe(true);
  expect(await ask(open(after, credentials))).toBe(false);

  await install(other);
  await vi.waitUntil(() => ask(open(after, credentials)), { timeout: 10_000 });
  expect(await ask(connected)).toBe(true);
});
