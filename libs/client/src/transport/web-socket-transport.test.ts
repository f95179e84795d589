import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TeamTalkClient } from '../client.js';
import { codec, ME, MiniMsgServer } from '../testing/mini-msg-server.js';
import { WebSocketBridge } from '../testing/web-socket-bridge.js';

let server: MiniMsgServer;
let bridge: WebSocketBridge;
let client: TeamTalkClient;

beforeEach(async () => {
  server = await MiniMsgServer.start();
  bridge = await WebSocketBridge.start(server.scripted.address);
  client = new TeamTalkClient({ url: bridge.url, reconnect: { firstMs: 2, maxMs: 20 }, deadlineMs: 4_000 });
});

afterEach(async () => {
  await client.close();
  await bridge.stop();
  await server.stop();
});

const logIn = async () => {
  await client.login({ name: 'u7', password: '123456' });
  return server.scripted.nextPeer();
};

describe('a client by WebSocket', () => {
  it('logs in, sends and receives', async () => {
    const peer = await logIn();
    expect(client.server).toEqual({
      host: '127.0.0.1',
      port: Number(new URL(bridge.url).port),
      url: bridge.url,
    });
    expect(await client.send({ user: 3 }, 'there')).toMatchObject({ msgId: 1 });
    server.store(3, 3, codec.encrypt('and '.repeat(50_000)));
    server.deliver(peer, 3, 2);
    const { text, fromUserId } = await client.nextMessage();
    expect([text, fromUserId]).toEqual(['and '.repeat(50_000), 3]);
    expect((await client.history({ user: 3 })).map((message) => message.fromUserId)).toEqual([3, ME]);
  });

  it('reconnects after a broken connection', async () => {
    const peer = await logIn();
    const back = once(client, 'reconnected');
    peer.reset();
    await back;
    expect(await client.send({ user: 3 }, 'again')).toMatchObject({ msgId: 1 });
  });

  it('closes a connection that receives text', async () => {
    await logIn();
    const disconnected = once(client, 'disconnected');
    bridge.sendText();
    const [{ error }] = await disconnected;
    expect(error).toMatchObject({ code: 'disconnected', message: expect.stringContaining('sent text') });
  });

  it('reports why it cannot connect', async () => {
    await bridge.stop();
    await expect(client.login({ name: 'u7' })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    const noUpgrades = createServer((_, response) => response.end());
    noUpgrades.listen(0, '127.0.0.1');
    await once(noUpgrades, 'listening');
    const url = `ws://127.0.0.1:${(noUpgrades.address() as AddressInfo).port}/`;
    const lost = new TeamTalkClient({ url, connectDeadlineMs: 500 });
    await expect(lost.connect()).rejects.toMatchObject({ code: 'unreachable' });
    noUpgrades.closeAllConnections();
    noUpgrades.close();
    bridge = await WebSocketBridge.start(server.scripted.address);
  });
});

it.each(['http://127.0.0.1:9090/', 'nothing'])('refuses %s as a WebSocket URL', (url) => {
  expect(() => new TeamTalkClient({ url })).toThrow(RangeError);
});
