import type { Socket } from 'node:net';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { asStream, openWebSocket } from '../testing/client-sockets.js';
import { TestServer } from '../testing/test-server.js';

// Abuse of the WebSocket protocol by a client that is logged in.

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const opcodes = { continuation: 0, binary: 2, ping: 9 } as const;
const final = 0x80;
const compressed = 0x40;

/** A masked frame, as from a browser; the mask is zero. */
function frame(opcode: number, payload: Buffer, bits = final): Buffer {
  return Buffer.concat([Buffer.from([bits | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** Logs in. @returns the WebSocket and its socket */
async function open(id: number, protocolOptions = {}): Promise<{ webSocket: WebSocket; socket: Socket }> {
  const webSocket = await openWebSocket(`ws://127.0.0.1:${server.service.ports.ws}/`, protocolOptions);
  webSocket.on('error', () => {});
  const client = server.clientOver(asStream(webSocket));
  expect((await client.logIn(`u${id}`)).resultCode).toBe(0);
  const { _socket: socket } = webSocket as unknown as { _socket: Socket };
  return { webSocket, socket };
}

const untilAlone = () =>
  waitUntil(async () => (await server.metric('sockets')) === 0, { what: 'the connection is closed' });

it('a client that sends pings without reading pongs is closed before it costs much memory', async () => {
  const { socket } = await open(1);
  socket.pause();
  const pings = Buffer.concat(Array<Buffer>(1_000).fill(frame(opcodes.ping, Buffer.alloc(125))));
  const before = process.memoryUsage().rss;
  let isClosed = false;
  socket.on('close', () => {
    isClosed = true;
  });
  socket.on('error', () => {
    isClosed = true;
  });
  // 125 MB at most, far more than the buffers of both ends.
  for (let sent = 0; sent < 1_000 && !isClosed && (await server.metric('sockets')) > 0; sent++) {
    await new Promise<void>((resolve) => {
      if (socket.write(pings)) resolve();
      else {
        socket.once('drain', resolve);
        socket.once('close', resolve);
      }
    });
  }
  await untilAlone();
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
}, 60_000);

it('a client that sends a PDU in one-byte fragments is closed before they cost much memory', async () => {
  const { socket } = await open(2);
  const fragment = frame(opcodes.continuation, Buffer.alloc(1), 0);
  socket.write(frame(opcodes.binary, Buffer.alloc(1), 0));
  socket.write(Buffer.concat(Array<Buffer>(20_000).fill(fragment)));
  await untilAlone();
});

it('compression is not negotiated, and a compressed frame closes the connection', async () => {
  const { webSocket, socket } = await open(3, { perMessageDeflate: true });
  expect(webSocket.extensions).toBe('');
  socket.write(frame(opcodes.binary, Buffer.alloc(16), final | compressed));
  await untilAlone();
});
