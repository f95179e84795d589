import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Health } from './health.js';
import { Metrics } from './metrics.js';
import { type OpsServer, startOpsServer } from './ops-server.js';

let server: OpsServer;
const sockets: Socket[] = [];
beforeEach(async () => {
  server = await startOpsServer({ host: '127.0.0.1', port: 0 }, new Health(), new Metrics('test'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.stop();
});

async function open(localAddress: string): Promise<Socket> {
  const socket = connect({ port: server.port, host: '127.0.0.1', localAddress });
  sockets.push(socket);
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

/** Resolves when the socket closes, even if it is reset, for which `once` of node:events would throw. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Sends a probe from this address. @returns the response; empty: the connection was closed */
async function probe(localAddress: string, path = '/livez'): Promise<string> {
  const socket = await open(localAddress);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await closed(socket);
  return text;
}

it('serves probes from others while one address holds as many connections as it may', async () => {
  const held = await Promise.all(Array.from({ length: 64 }, () => open('127.0.0.2')));
  expect(await probe('127.0.0.2')).toBe('');
  expect(await probe('127.0.0.3')).toContain('{"alive":true}');
  expect(await probe('127.0.0.3', '/metrics')).toContain('ops_connections_refused_total 1\n');
  held[0]?.destroy();
  await expect.poll(() => probe('127.0.0.2')).toContain('{"alive":true}');
});

it('closes connections whose request does not arrive in time', async () => {
  const silent = await open('127.0.0.2');
  const slow = await open('127.0.0.2');
  slow.write('GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  await Promise.all([closed(silent), closed(slow)]);
}, 20_000);
