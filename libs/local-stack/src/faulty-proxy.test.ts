import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultyProxy } from './faulty-proxy.js';
import { waitUntil } from './wait-until.js';

let echo: Server;
let proxy: FaultyProxy;
beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const { port } = echo.address() as AddressInfo;
  proxy = await FaultyProxy.start(() => [{ host: '127.0.0.1', port }]);
});
afterEach(async () => {
  await proxy.close();
  echo.close();
});

test('bytes do not overtake each other, however the weather changes', async () => {
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

test('what is lost comes a retransmission later, and what is behind it not before', async () => {
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
  // Twice 800 ms for a way of two losses; twenty losses do not add up.
  expect(performance.now() - begun).toBeLessThan(8_000);
  socket.destroy();
});
