import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { proxyHeader, proxyLine, tlsEnv } from '@teamtalk/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asStream, openTls, openWebSocket } from '../testing/client-sockets.js';
import { TestServer } from '../testing/test-server.js';

async function openTcp(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

async function behindHeader(port: number, address: string): Promise<Socket> {
  const socket = await openTcp(port);
  socket.write(proxyHeader(address));
  return socket;
}

describe('with PROXY_PROTOCOL=v2', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { PROXY_PROTOCOL: 'v2' } });
  });
  afterAll(() => server.stop());

  const addressOf = (id: number) => server.db.logins.find(({ userName }) => userName === `u${id}`)?.address;

  it('a client has the address in its header', async () => {
    const client = server.clientOver(await behindHeader(server.service.ports.client!, '203.0.113.1'));
    expect((await client.logIn('u1')).resultCode).toBe(0);
    expect(addressOf(1)).toBe('203.0.113.1');
    await client.roundTrip();
  });

  it('a health check of the load balancer keeps the address of its socket', async () => {
    const socket = await openTcp(server.service.ports.client!);
    socket.write(proxyHeader('203.0.113.9', { command: 0x20 }));
    const client = server.clientOver(socket);
    expect((await client.logIn('u4')).resultCode).toBe(0);
    expect(addressOf(4)).toBe('127.0.0.1');
  });

  it('a WebSocket client has it too', async () => {
    const port = server.service.ports.ws!;
    const socket = await behindHeader(port, '203.0.113.5');
    const webSocket = await openWebSocket(`ws://127.0.0.1:${port}/`, { createConnection: () => socket });
    const client = server.clientOver(asStream(webSocket));
    expect((await client.logIn('u5')).resultCode).toBe(0);
    expect(addressOf(5)).toBe('203.0.113.5');
    await client.roundTrip();
  });

  it('a connection with an unfinished header times out and is counted', async () => {
    const hasty = await TestServer.start({ env: { PROXY_PROTOCOL: 'v2', LOGIN_TIMEOUT_MS: '500' } });
    try {
      const client = await hasty.connect();
      await client.raw.send(proxyHeader('203.0.113.6').subarray(0, 20));
      await client.raw.closed;
      expect(await hasty.metric('proxy_headers_refused_total', { reason: 'timeout' })).toBe(1);
    } finally {
      await hasty.stop();
    }
  });
});

it('with PROXY_PROTOCOL=v1 a client’s address comes from the header line, and version 2 is refused', async () => {
  const server = await TestServer.start({ env: { PROXY_PROTOCOL: 'v1' } });
  try {
    const socket = await openTcp(server.service.ports.client!);
    socket.write(proxyLine('203.0.113.1'));
    const client = server.clientOver(socket);
    expect((await client.logIn('u1')).resultCode).toBe(0);
    expect(server.db.logins.at(-1)?.address).toBe('203.0.113.1');
    const other = await behindHeader(server.service.ports.client!, '203.0.113.2');
    await new Promise((resolve) => other.on('error', () => {}).once('close', resolve));
    expect(await server.metric('proxy_headers_refused_total', { reason: 'no-header' })).toBe(1);
  } finally {
    await server.stop();
  }
});

describe('with PROXY_PROTOCOL=v2 and TLS', () => {
  it('the header comes before the handshake', async () => {
    const server = await TestServer.start({ env: { PROXY_PROTOCOL: 'v2', ...tlsEnv } });
    try {
      const { client: port, ws } = server.service.ports;
      const client = server.clientOver(await openTls(port!, await behindHeader(port!, '203.0.113.8')));
      expect((await client.logIn('u8')).resultCode).toBe(0);
      expect(server.db.logins.at(-1)?.address).toBe('203.0.113.8');
      const secure = await openTls(ws!, await behindHeader(ws!, '2001:db8:0:0:0:0:0:9'));
      const webSocket = await openWebSocket(`ws://127.0.0.1:${ws}/`, { createConnection: () => secure });
      const other = server.clientOver(asStream(webSocket));
      expect((await other.logIn('u9')).resultCode).toBe(0);
      expect(server.db.logins.at(-1)?.address).toBe('2001:db8::9');
    } finally {
      await server.stop();
    }
  });
});
