import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Commands, encodePdu, type PduFrame } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { Connection, type ConnectionHost } from './connection.js';

it('a client that reads nothing costs at most 16 KiB before its login', () => {
  const host = {
    limits: { pduBytes: 262_144, consecutiveBadPdus: 20 },
    metrics: { received: { inc() {} }, badPdus: { inc() {} } },
    handle: (connection: Connection, { frame }: PduFrame) => connection.write(Buffer.from(frame)),
    closed() {},
  } as unknown as ConnectionHost;
  // Never accepts what is written to it.
  const socket = new Duplex({ read() {}, write() {} }) as Socket;
  const connection = new Connection(socket, '127.0.0.1', host);
  const heartbeat = encodePdu(Commands.OtherHeartbeat, {}, 1);
  socket.emit('data', Buffer.concat(Array<Buffer>(16_384 / heartbeat.length).fill(heartbeat)));
  expect(connection.closed).toBe(false);
  socket.emit('data', heartbeat);
  expect(connection.closeReason).toBe('not_reading');
});
