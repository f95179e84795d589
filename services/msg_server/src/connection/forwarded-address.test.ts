import { once } from 'node:events';
import { connect } from 'node:net';
import { proxyHeader } from '@teamtalk/local-stack';
import { afterEach, describe, expect, it } from 'vitest';
import { asStream, openWebSocket } from '../testing/client-sockets.js';
import { TestServer } from '../testing/test-server.js';

let server: TestServer;
afterEach(() => server.stop());

const proxied = { TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' };

/** Opens a WebSocket as a proxy would, and logs in. */
async function logIn(id: number, forwardedFor: string): Promise<void> {
  const headers = { 'x-forwarded-for': forwardedFor };
  const webSocket = await openWebSocket(`ws://127.0.0.1:${server.service.ports.ws}/`, { headers });
  const client = server.clientOver(asStream(webSocket));
  expect((await client.logIn(`u${id}`)).resultCode).toBe(0);
}

/** Addresses of the logins, in order. */
const addresses = () => server.db.logins.map(({ address }) => address);

describe('a WebSocket that a proxy forwards', () => {
  it('has the address of the client, if the proxy is trusted', async () => {
    server = await TestServer.start({ env: proxied });
    await logIn(1, '203.0.113.7');
    await logIn(2, '203.0.113.66, 203.0.113.8, 10.1.2.3');
    await logIn(3, 'somewhere');
    await logIn(4, '2001:db8::7');
    expect(addresses()).toEqual(['203.0.113.7', '203.0.113.8', '127.0.0.1', '2001:db8::7']);
  });

  it('has the address of the proxy otherwise', async () => {
    server = await TestServer.start({ env: { TRUSTED_PROXIES: '10.0.0.0/8' } });
    await logIn(1, '203.0.113.7');
    expect(addresses()).toEqual(['127.0.0.1']);
  });

  it('counts towards the limit of that address', async () => {
    server = await TestServer.start({
      env: { ...proxied, MAX_CONNECTIONS_PER_ADDRESS: '1', ADDRESS_LIMIT_EXEMPT: 'none' },
    });
    await logIn(1, '203.0.113.7');
    await logIn(2, '203.0.113.8');
    await expect(logIn(3, '203.0.113.7')).rejects.toThrow('429');
    expect(await server.metric('connections_refused_by_address_total')).toBe(1);
  });
});

it('PROXY headers can be limited to the other port', async () => {
  server = await TestServer.start({ env: { ...proxied, PROXY_PROTOCOL: 'v2', PROXY_PORTS: 'client' } });
  await logIn(1, '203.0.113.7');
  const socket = connect({ port: server.service.ports.client!, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write(proxyHeader('203.0.113.2'));
  expect((await server.clientOver(socket).logIn('u2')).resultCode).toBe(0);
  expect(addresses()).toEqual(['203.0.113.7', '203.0.113.2']);
});
