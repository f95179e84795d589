import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { certificateFiles, tlsEnv, waitUntil } from '@teamtalk/local-stack';
import { Commands } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asStream, openTls, openWebSocket, shownName } from '../testing/client-sockets.js';
import { TestServer } from '../testing/test-server.js';

describe('TLS', () => {
  let folder: string;
  let server: TestServer;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-tls-'));
    await install('first', 'first');
    server = await TestServer.start({
      env: {
        TLS_CERT_FILE: path.join(folder, 'cert.pem'),
        TLS_KEY_FILE: path.join(folder, 'key.pem'),
        TLS_RELOAD_MS: '20',
        LOGIN_TIMEOUT_MS: '1000',
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function install(cert: 'first' | 'second', key: 'first' | 'second'): Promise<void> {
    await copyFile(certificateFiles(cert).certFile, path.join(folder, 'cert.pem'));
    await copyFile(certificateFiles(key).keyFile, path.join(folder, 'key.pem'));
  }

  const connect = () => openTls(server.service.ports.client!);
  const reloads = (outcome: string) => server.metric('tls_certificate_reloads_total', { outcome });

  /** The name in the certificate that a new connection is shown. */
  async function nameNow(): Promise<unknown> {
    const socket = await connect();
    const name = shownName(socket);
    socket.destroy();
    return name;
  }

  it('carries a client like any other', async () => {
    const [ann, ben] = [server.clientOver(await connect()), server.clientOver(await connect())];
    expect((await ann.logIn('u1')).resultCode).toBe(0);
    expect((await ben.logIn('u2')).resultCode).toBe(0);
    const seqNum = await ann.sendText(2, 'x'.repeat(100_000));
    expect(await ann.receive(Commands.MsgDataAck)).toMatchObject({ seqNum, msgId: 1 });
    await server.route.deliver(server.node, server.db.stored[0]!);
    expect(Buffer.from((await ben.receive(Commands.MsgData)).msgData)).toHaveLength(100_000);
    expect(server.db.logins.at(-1)?.address).toBe('127.0.0.1');
    await ann.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout);
    await ann.raw.closed;
  });

  it('carries WebSockets', async () => {
    const webSocket = await openWebSocket(`wss://localhost:${server.service.ports.ws}/`);
    const client = server.clientOver(asStream(webSocket));
    expect((await client.logIn('u3')).resultCode).toBe(0);
    await client.roundTrip();
  });

  it('closes and counts connections that speak no TLS or do not finish the handshake', async () => {
    const failed = await server.metric('tls_handshakes_failed_total');
    const [plain, silent] = [await server.connect(), await server.connect()];
    await plain.send(Commands.OtherHeartbeat, {});
    await plain.raw.closed;
    await silent.raw.closed;
    expect(await server.metric('tls_handshakes_failed_total')).toBe(failed + 2);
  });

  it('closes a connection that does not log in after the handshake', async () => {
    const client = server.clientOver(await connect());
    await client.raw.closed;
    await server.metricReaches('connections_closed_total', { reason: 'login-timeout' }, 1);
  });

  it('uses a renewed certificate for new connections; existing ones stay', async () => {
    const before = server.clientOver(await connect());
    expect((await before.logIn('u4')).resultCode).toBe(0);
    expect(await nameNow()).toBe('first.test');
    await install('second', 'second');
    await waitUntil(async () => (await nameNow()) === 'second.test', { what: 'the new certificate' });
    expect(await reloads('ok')).toBeGreaterThanOrEqual(1);
    await before.roundTrip();
    const webSocket = await openWebSocket(`wss://localhost:${server.service.ports.ws}/`, {
      rejectUnauthorized: false,
    });
    webSocket.terminate();
  });

  it.each([
    ['is no certificate', () => writeFile(path.join(folder, 'cert.pem'), 'no certificate')],
    ['has the key of another one', () => install('first', 'second')],
    ['is not there', () => rm(path.join(folder, 'cert.pem'))],
  ])('keeps the old certificate when the new one %s, and counts it once', async (_, damage) => {
    await install('second', 'second');
    await waitUntil(async () => (await nameNow()) === 'second.test', { what: 'the good certificate' });
    const refused = await reloads('refused');
    await damage();
    await waitUntil(async () => (await reloads('refused')) > refused, { what: 'the broken one is refused' });
    expect(await nameNow()).toBe('second.test');
  });

  it('reports when its certificate expires', async () => {
    expect(await server.metric('tls_certificate_expires_seconds')).toBeGreaterThan(Date.now() / 1000);
  });
});

describe('TLS by configuration', () => {
  it('may be limited to WebSocket', async () => {
    const server = await TestServer.start({ env: { ...tlsEnv, TLS_PORTS: 'ws' } });
    try {
      await server.logIn(1);
      const webSocket = await openWebSocket(`wss://localhost:${server.service.ports.ws}/`);
      expect((await server.clientOver(asStream(webSocket)).logIn('u2')).resultCode).toBe(0);
    } finally {
      await server.stop();
    }
  });

  it('prevents a start with an unusable certificate', async () => {
    const env = { ...tlsEnv, TLS_KEY_FILE: certificateFiles('second').keyFile };
    await expect(TestServer.start({ env })).rejects.toThrow(/key values mismatch/i);
  });
});
