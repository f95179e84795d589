import { afterEach, beforeEach, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.js';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

const status = async () => (await fetch(`${server.http}/status`)).json();

it('is empty without msg_servers', async () => {
  expect(await status()).toEqual({ all_online_count: 0, msg_servers: [] });
});

it('shows every msg_server with its users, draining ones included', async () => {
  server.announce(1, { onlineUsers: 7, port: 8000, ip2: '10.1.0.1' });
  server.announce(2, { onlineUsers: 5, port: 8001, draining: true });
  await expect.poll(status).toMatchObject({ all_online_count: 12 });
  expect(await status()).toEqual({
    all_online_count: 12,
    msg_servers: [
      { port: 8000, ip_addr1: '10.0.0.1', ip_addr2: '10.1.0.1', hostname: 'host-1', online_count: 7 },
      { port: 8001, ip_addr1: '10.0.0.2', ip_addr2: '10.0.0.2', hostname: 'host-2', online_count: 5 },
    ],
  });
});
