import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, encodePdu, encodeRawPdu, writeHeader } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { asStream, openWebSocket } from '../testing/client-sockets.js';
import { TestServer } from '../testing/test-server.js';

const heartbeat = encodePdu(Commands.OtherHeartbeat, {}, 1);

async function closeCodeOf(webSocket: WebSocket): Promise<number> {
  const [code] = (await once(webSocket, 'close')) as [number];
  return code;
}

describe('WebSocket', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { MAX_PDU_BYTES: '200000' } });
  });
  afterAll(() => server.stop());

  const open = (path = '/') => openWebSocket(`ws://127.0.0.1:${server.service.ports.ws}${path}`);

  async function logIn(id: number) {
    const webSocket = await open();
    const client = server.clientOver(asStream(webSocket));
    expect((await client.logIn(`u${id}`)).resultCode).toBe(0);
    return { webSocket, client };
  }

  it('carries each PDU as a binary message, at any path', async () => {
    const webSocket = await open('/any/path?at=all');
    const messages: Buffer[] = [];
    webSocket.on('message', (data: Buffer, isBinary) => {
      expect(isBinary).toBe(true);
      messages.push(data);
    });
    const login = { userName: 'u1', password: 'secret', onlineStatus: 1, clientType: 1 } as const;
    webSocket.send(encodePdu(Commands.LoginReqUserlogin, login, 1));
    webSocket.send(encodePdu(Commands.MsgTimeRequest, {}, 2));
    webSocket.send(encodePdu(Commands.OtherHeartbeat, {}, 3));
    const everybody = { userId: 0, latestUpdateTime: 0 };
    webSocket.send(encodePdu(Commands.BuddyListAllUserRequest, everybody, 4));
    await waitUntil(() => messages.length === 4, { what: 'four answers' });
    for (const message of messages) expect(message.readUInt32BE(0)).toBe(message.length);
    expect(messages.map((message) => message.readUInt16BE(10)).sort()).toEqual(
      [
        Commands.OtherHeartbeat.id,
        Commands.LoginResUserlogin.id,
        Commands.MsgTimeResponse.id,
        Commands.BuddyListAllUserResponse.id,
      ].sort(),
    );
    webSocket.terminate();
  });

  it('carries messages between a client by WebSocket and one by TCP', async () => {
    const { client: web } = await logIn(2);
    const tcp = await server.logIn(3);
    const seqNum = await web.sendText(3, 'from the web');
    expect(await web.receive(Commands.MsgDataAck)).toMatchObject({ seqNum, msgId: 1 });
    await server.route.deliver(server.node, server.db.stored.at(-1)!);
    expect(Buffer.from((await tcp.receive(Commands.MsgData)).msgData).toString()).toBe('from the web');
    await tcp.sendText(2, 'back');
    await tcp.receive(Commands.MsgDataAck);
    await server.route.deliver(server.node, server.db.stored.at(-1)!);
    expect(await web.receive(Commands.MsgData)).toMatchObject({ msgId: 2, fromUserId: 3 });
  });

  it('accepts any version, flag and reserved field', async () => {
    const { webSocket, client } = await logIn(4);
    for (const version of [0, 1, 0xffff]) {
      const pdu = Buffer.alloc(16);
      const { id: commandId } = Commands.OtherHeartbeat;
      writeHeader(pdu, { length: 16, commandId, seqNum: 7, version, flag: version, reserved: version });
      webSocket.send(pdu);
      expect((await client.receive(Commands.OtherHeartbeat)).seqNum).toBe(7);
    }
  });

  it('accepts a fragmented PDU with pings in between', async () => {
    const { webSocket, client } = await logIn(5);
    webSocket.send(heartbeat.subarray(0, 5), { fin: false });
    webSocket.ping();
    webSocket.send(heartbeat.subarray(5));
    await client.receive(Commands.OtherHeartbeat);
  });

  it.each([
    ['a text message', 'hello', 1003, 'text-frame'],
    ['an empty message', Buffer.alloc(0), 1002, 'not-one-pdu'],
    ['less than a PDU', heartbeat.subarray(0, 15), 1002, 'not-one-pdu'],
    ['a PDU and a half', Buffer.concat([heartbeat, heartbeat.subarray(0, 8)]), 1002, 'not-one-pdu'],
    ['two PDUs', Buffer.concat([heartbeat, heartbeat]), 1002, 'not-one-pdu'],
    ['half a PDU', encodeRawPdu(0x0301, Buffer.alloc(50), 1).subarray(0, 40), 1002, 'not-one-pdu'],
  ])('is closed for %s', async (_, message, code, reason) => {
    const { webSocket } = await logIn(6);
    const bystander = await server.logIn(7);
    const before = await server.metric('bad_pdus_total', { reason });
    webSocket.send(message);
    expect(await closeCodeOf(webSocket)).toBe(code);
    expect(await server.metric('bad_pdus_total', { reason })).toBe(before + 1);
    await bystander.roundTrip();
  });

  it('is closed for a PDU above the limit before it has arrived', async () => {
    const { webSocket } = await logIn(8);
    webSocket.send(encodeRawPdu(Commands.MsgData.id, Buffer.alloc(200_001), 1));
    expect(await closeCodeOf(webSocket)).toBe(1009);
    expect(await server.metric('bad_pdus_total', { reason: 'websocket' })).toBe(1);
  });

  it('bounds the memory of a connection before its login', async () => {
    const webSocket = await open();
    webSocket.on('error', () => {});
    webSocket.send(Buffer.alloc(150_000), { fin: false });
    await closeCodeOf(webSocket);
    await server.metricReaches('connections_closed_total', { reason: 'before-login' }, 1);
  });

  it('bounds the memory of a connection while its login is under way', async () => {
    let answer = () => {};
    const held = await TestServer.start({ env: { MAX_LOGINS: '1' } });
    held.route.acksWaitFor = new Promise((resolve) => {
      answer = resolve;
    });
    try {
      const first = (await held.connect()).logIn('u1');
      await waitUntil(() => held.route.changes.length === 1, { what: 'the first login is under way' });
      const webSocket = await openWebSocket(`ws://127.0.0.1:${held.service.ports.ws}/`);
      webSocket.on('error', () => {});
      const login = { userName: 'u2', password: 'secret', onlineStatus: 1, clientType: 1 } as const;
      webSocket.send(encodePdu(Commands.LoginReqUserlogin, login, 1));
      await waitUntil(async () => (await held.metric('logins_waiting')) === 1, { what: 'it waits' });
      webSocket.send(Buffer.alloc(150_000), { fin: false });
      await closeCodeOf(webSocket);
      await held.metricReaches('connections_closed_total', { reason: 'before-login' }, 1);
      answer();
      expect((await first).resultCode).toBe(0);
    } finally {
      answer();
      await held.stop();
    }
  });

  it('is closed when its client sends no request, or half of one', async () => {
    const hasty = await TestServer.start({ env: { LOGIN_TIMEOUT_MS: '500' } });
    try {
      for (const bytes of ['', 'GET / HTTP/1.1\r\nHost: x\r\n']) {
        const socket = connect(hasty.service.ports.ws!, '127.0.0.1');
        socket.resume();
        socket.write(bytes);
        await once(socket, 'close');
      }
    } finally {
      await hasty.stop();
    }
  });

  it('is closed gracefully by the server after a logout', async () => {
    const { webSocket, client } = await logIn(9);
    await client.send(Commands.LoginReqLoginout, {});
    expect(await closeCodeOf(webSocket)).toBe(1000);
  });

  it('is closed gracefully by the server after a login timeout', async () => {
    const hasty = await TestServer.start({ env: { LOGIN_TIMEOUT_MS: '1000' } });
    try {
      expect(await closeCodeOf(await openWebSocket(`ws://127.0.0.1:${hasty.service.ports.ws}/`))).toBe(1000);
    } finally {
      await hasty.stop();
    }
  });

  it('is removed when its client closes, gracefully or not', async () => {
    for (const leave of ['close', 'terminate'] as const) {
      const { webSocket } = await logIn(10);
      const isGone = () =>
        server.route.changes.filter(({ userId, online }) => userId === 10 && !online).length;
      const before = isGone();
      webSocket[leave]();
      await waitUntil(() => isGone() === before + 1, { what: 'the user is gone' });
    }
  });

  it('answers an HTTP request without an upgrade with 426', async () => {
    const answer = await fetch(`http://127.0.0.1:${server.service.ports.ws}/`);
    expect(answer.status).toBe(426);
    expect(await server.metric('websocket_upgrades_refused_total', { reason: 'no-upgrade' })).toBe(1);
  });

  it('answers an invalid upgrade with 400', async () => {
    const asked = request({
      port: server.service.ports.ws,
      headers: { connection: 'upgrade', upgrade: 'websocket' },
    }).end();
    const [{ statusCode }] = await once(asked, 'response');
    expect(statusCode).toBe(400);
  });
});

describe('WebSocket by configuration', () => {
  it('accepts only pages of the configured origins', async () => {
    const server = await TestServer.start({
      env: { WS_ORIGINS: 'https://chat.example.com, https://other.example.com' },
    });
    try {
      const url = `ws://127.0.0.1:${server.service.ports.ws}/`;
      (await openWebSocket(url, { origin: 'https://other.example.com' })).terminate();
      await expect(openWebSocket(url, { origin: 'https://evil.example.com' })).rejects.toThrow(/403/);
      await expect(openWebSocket(url)).rejects.toThrow(/403/);
      expect(await server.metric('websocket_upgrades_refused_total', { reason: 'origin' })).toBe(2);
    } finally {
      await server.stop();
    }
  });

  it('can be switched off', async () => {
    const server = await TestServer.start({ env: { WS_ENABLED: 'false' } });
    try {
      expect(Object.keys(server.service.ports).sort()).toEqual(['client', 'ops']);
      await server.logIn(1);
    } finally {
      await server.stop();
    }
  });

  it('throttles a client that sends too fast, and loses nothing', async () => {
    const server = await TestServer.start({ env: { MESSAGE_RATE: '200', MESSAGE_BURST: '1' } });
    try {
      const webSocket = await openWebSocket(`ws://127.0.0.1:${server.service.ports.ws}/`);
      const client = server.clientOver(asStream(webSocket));
      await client.logIn('u1');
      // More than may wait in the server, so that it stops reading.
      const count = 150;
      for (let i = 0; i < count; i++) await client.sendText(2, `${i}`);
      await waitUntil(() => client.pending.filter((id) => id === Commands.MsgDataAck.id).length === count, {
        what: 'every message is acknowledged',
      });
      expect(server.db.stored.map(({ msgData }) => Buffer.from(msgData).toString())).toEqual(
        Array.from({ length: count }, (_, i) => `${i}`),
      );
      expect(await server.metric('connections_held_total', { reason: 'queue-full' })).toBeGreaterThan(0);
    } finally {
      await server.stop();
    }
  });

  it('disconnects a client that does not read', async () => {
    const server = await TestServer.start({ env: { MAX_OUTBOUND_BYTES: '65536' } });
    try {
      const webSocket = await openWebSocket(`ws://127.0.0.1:${server.service.ports.ws}/`);
      const client = server.clientOver(asStream(webSocket));
      await client.logIn('u1');
      webSocket.pause();
      await waitUntil(
        async () => {
          const batch = Array.from({ length: 8 }, () => server.store(2, 1, 'x'.repeat(50_000)));
          await server.route.deliver(server.node, ...batch);
          return (await server.metric('connections_closed_total', { reason: 'slow-reader' })) === 1;
        },
        { what: 'the slow reader is closed', timeoutMs: 20_000 },
      );
    } finally {
      await server.stop();
    }
  });
});
