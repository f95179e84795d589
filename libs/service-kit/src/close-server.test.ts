import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { closeServer } from './close-server.js';
import { listen } from './ops-server.js';

async function startServer() {
  const server = createServer((_request, response) => response.end('here'));
  await listen(server, { host: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { port } = server.address() as AddressInfo;
  const ask = () =>
    new Promise<string | undefined>((resolve, reject) => {
      const asked = get({ host: '127.0.0.1', port, agent }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.headers.connection));
      });
      asked.once('error', reject);
    });
  return { server, agent, ask };
}

test('a keep-alive connection may send one more request and gets Connection: close', async () => {
  const { server, ask, agent } = await startServer();
  expect(await ask()).toBe('keep-alive');
  const closed = closeServer(server, 20_000);
  expect(await ask()).toBe('close');
  // That was the last connection, so the stop does not wait any longer.
  await closed;
  await expect(ask()).rejects.toThrow('ECONNREFUSED');
  agent.destroy();
});

test('an idle keep-alive connection is closed in the end', async () => {
  const { server, ask, agent } = await startServer();
  await ask();
  const begun = performance.now();
  await closeServer(server, 200);
  expect(performance.now() - begun).toBeGreaterThan(150);
  agent.destroy();
});

test('without a grace period keep-alive connections are closed at once', async () => {
  const { server, ask, agent } = await startServer();
  await ask();
  await closeServer(server);
  await expect(ask()).rejects.toThrow();
  agent.destroy();
});
