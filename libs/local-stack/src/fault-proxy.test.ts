import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultProxy } from './fault-proxy.js';
import { waitUntil } from './wait-until.js';

let echo: Server;
let proxy: FaultProxy;
/** the other end of the last connection */
let accepted: Socket;
beforeEach(async () => {
  echo = createServer((socket) => {
    accepted = socket;
    socket.on('error', () => {}).pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const { port } = echo.address() as AddressInfo;
  proxy = await FaultProxy.start(() => [{ host: '127.0.0.1', port }]);
});
afterEach(async () => {
  await proxy.close();
  echo.close();
});

test('bytes stay in order while the network conditions change', async () => {
  const socket = connect(proxy.port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  await once(socket, 'connect');
  let sent = '';
  for (let i = 0; i < 400; i++) {
    const chunk = `${i} `;
    sent += chunk;
    socket.write(chunk);
    proxy.slow({ delayMs: (i * 7) % 5 });
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await waitUntil(() => received.length === sent.length, { what: 'everything is back' });
  expect(received).toBe(sent);
  socket.destroy();
});

test('lost bytes arrive a retransmission later, and later bytes not before them', async () => {
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  // One loss in fifty breaks the connection, by a reset.
  socket.on('error', () => {});
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  proxy.slow({ lossRate: 0.2 });
  let sent = '';
  const begun = performance.now();
  for (let i = 0; i < 100 && !socket.destroyed; i++) {
    const chunk = `${i} `;
    sent += chunk;
    socket.write(chunk);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  proxy.slow({});
  await waitUntil(() => received.length === sent.length || socket.destroyed, { what: 'everything is back' });
  expect(sent.startsWith(received)).toBe(true);
  // Two losses in sequence take twice 800 ms; losses of different chunks do not add up.
  expect(performance.now() - begun).toBeLessThan(8_000);
  socket.destroy();
});

test('blocks one direction only', async () => {
  const socket = connect(proxy.port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  let arrived = '';
  proxy.onBytes = (heading, bytes) => {
    if (heading === 'to-target') arrived += bytes.toString();
  };
  socket.write('a');
  await waitUntil(() => received === 'a', { what: 'the echo' });

  proxy.block('to-target');
  socket.write('b');
  accepted.write('c');
  await waitUntil(() => received === 'ac', { what: 'what the server sends' });
  expect(arrived).toBe('a');
  proxy.restore();
  await waitUntil(() => received === 'acb', { what: 'the echo of what was blocked' });

  proxy.block('to-client');
  socket.write('d');
  await waitUntil(() => arrived === 'abd', { what: 'what the client sends' });
  expect(received).toBe('acb');
  proxy.restore();
  await waitUntil(() => received === 'acbd', { what: 'the echo that was blocked' });
  socket.destroy();
});

test('reports a connection before any bytes pass', async () => {
  const events: string[] = [];
  proxy.onConnect = () => events.push('connect');
  proxy.onBytes = (heading) => events.push(heading);
  const socket = connect(proxy.port, '127.0.0.1', () => socket.write('a'));
  await once(socket, 'data');
  expect(events).toEqual(['connect', 'to-target', 'to-client']);
  socket.destroy();
});
