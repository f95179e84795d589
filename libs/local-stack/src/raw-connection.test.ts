import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { Commands, encodePdu, encodeRawPdu } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawConnection } from './raw-connection.js';

describe('RawConnection', () => {
  let server: Server;
  let connection: RawConnection;
  let peer: Socket;

  beforeEach(async () => {
    server = createServer();
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    connection = await RawConnection.open((server.address() as AddressInfo).port);
    peer = await accepted;
  });

  afterEach(() => {
    connection.close();
    peer.destroy();
    server.close();
  });

  it('takes the first PDU that fits and keeps the others', async () => {
    peer.write(encodeRawPdu(0x0701, Buffer.alloc(0), 1));
    peer.write(encodeRawPdu(0x0304, Buffer.from([1]), 2));
    expect((await connection.next(({ commandId }) => commandId === 0x0304)).seqNum).toBe(2);
    expect((await connection.next()).commandId).toBe(0x0701);
    expect(connection.received).toEqual([]);
  });

  it('takes the next PDU of a command, decoded, and every field of a header', async () => {
    const ack = { userId: 1, sessionId: 2, msgId: 3, sessionType: 1 } as const;
    peer.write(encodePdu(Commands.MsgDataAck, { ...ack, msgId: 2 }, 4));
    peer.write(encodePdu(Commands.MsgDataAck, ack, 5));
    expect(await connection.receive(Commands.MsgDataAck, ({ msgId }) => msgId === 3)).toMatchObject({
      ...ack,
      seqNum: 5,
    });
    expect(connection.received).toMatchObject([
      { version: 1, flag: 0, serviceId: 3, seqNum: 4, reserved: 0 },
    ]);
  });

  it('ends when what comes cannot be cut into PDUs', async () => {
    peer.write(Buffer.alloc(16));
    expect(await connection.ended(5_000)).toBe(true);
    expect(await connection.take(() => true, 0)).toBeUndefined();
  });

  it('sends bytes as they are', async () => {
    const arrived = new Promise<Buffer>((resolve) => peer.once('data', resolve));
    await connection.send(Buffer.from([0, 0, 0, 1, 99]));
    expect([...(await arrived)]).toEqual([0, 0, 0, 1, 99]);
  });

  it('says so when nothing came in time', async () => {
    await expect(connection.next(() => true, 20)).rejects.toThrow('within 20 ms');
  });

  it('notices that the other side closed', async () => {
    const waiting = connection.next();
    peer.end();
    await expect(waiting).rejects.toThrow('closed');
    await connection.closed;
    expect(connection.isOpen).toBe(false);
  });
});
