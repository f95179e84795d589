import { certificateFiles, tlsEnv } from '@teamtalk/local-stack';
import { Commands } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asStream, openTls, openWebSocket } from '../testing/client-sockets.js';
import { TestServer } from '../testing/test-server.js';

describe('TLS', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: tlsEnv });
  });
  afterAll(() => server.stop());

  const connect = () => openTls(server.service.ports.client!);

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

  it('closes connections that do not finish the handshake, or do not log in after it', async () => {
    const hasty = await TestServer.start({ env: { ...tlsEnv, LOGIN_TIMEOUT_MS: '1000' } });
    try {
      const silent = await hasty.connect();
      await silent.raw.closed;
      expect(await hasty.metric('tls_handshakes_failed_total')).toBe(1);
      const client = hasty.clientOver(await openTls(hasty.service.ports.client!));
      await client.raw.closed;
      await hasty.metricReaches('connections_closed_total', { reason: 'login-timeout' }, 1);
    } finally {
      await hasty.stop();
    }
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
