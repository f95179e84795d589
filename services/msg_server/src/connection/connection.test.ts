import { connect } from 'node:net';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, encodePdu, encodeRawPdu, IM, writeHeader } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.js';

const { CLIENT_TYPE_WINDOWS, CLIENT_TYPE_IOS } = IM.BaseDefine.ClientType;

function lengthField(length: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(length);
  return header;
}

describe('malformed input', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { MAX_CONSECUTIVE_BAD_PDUS: '3' } });
  });
  afterAll(() => server.stop());

  it.each([
    [0, 'length-below-header'],
    [1, 'length-below-header'],
    [15, 'length-below-header'],
    [2 ** 31, 'length-above-limit'],
    [2 ** 32 - 1, 'length-above-limit'],
  ])('closes on a length of %i', async (length, reason) => {
    const bystander = await server.logIn(1);
    const client = await server.logIn(2);
    const before = await server.metric('bad_pdus_total', { reason });
    await client.raw.send(lengthField(length));
    await client.raw.closed;
    expect(await server.metric('bad_pdus_total', { reason })).toBe(before + 1);
    await bystander.roundTrip();
  });

  it('echoes a heartbeat unchanged, including its header, before and after the login', async () => {
    const heartbeat = Buffer.alloc(19);
    writeHeader(heartbeat, {
      length: 19,
      version: 7,
      flag: 3,
      serviceId: 0x0701,
      commandId: 0x0701,
      seqNum: 0xabcd,
      reserved: 9,
    });
    heartbeat.set([1, 2, 3], 16);
    for (const client of [await server.connect(), await server.logIn(4)]) {
      const port = connect(server.service.ports.client!, '127.0.0.1');
      const back = new Promise<Buffer>((resolve) => port.once('data', resolve));
      // In two pieces, too.
      port.write(heartbeat.subarray(0, 9));
      port.write(heartbeat.subarray(9));
      expect(await back).toEqual(heartbeat);
      port.destroy();
      await client.raw.send(heartbeat);
      await client.raw.next((pdu) => pdu.serviceId === 0x0701 && pdu.seqNum === 0xabcd);
    }
  });

  it('closes on 5 MB of noise', async () => {
    const client = await server.connect();
    const noise = Buffer.alloc(5_000_000, 0xa5);
    await client.raw.send(noise);
    await client.raw.closed;
  });

  it('bounds the memory of a connection before its login', async () => {
    const client = await server.connect();
    await client.raw.send(lengthField(1_000_000));
    await client.raw.send(Buffer.alloc(300_000));
    await client.raw.closed;
  });

  it('bounds the memory of a connection while its login is under way', async () => {
    const slow = await TestServer.start({ env: { MAX_LOGINS: '1' } });
    let open = () => {};
    slow.route.acksWaitFor = new Promise((resolve) => {
      open = resolve;
    });
    try {
      const first = (await slow.connect()).logIn('u1');
      await waitUntil(() => slow.route.changes.length === 1, { what: 'the first login is under way' });
      for (const bytes of [
        Buffer.concat([lengthField(1_000_000), Buffer.alloc(9_000)]),
        encodeRawPdu(Commands.MsgData.id, Buffer.alloc(9_000), 2),
        encodeRawPdu(Commands.MsgData.id, Buffer.alloc(20_000), 2),
      ]) {
        const client = await slow.connect();
        void client.logIn('u2').catch(() => {});
        await waitUntil(async () => (await slow.metric('logins_waiting')) > 0, { what: 'the login waits' });
        await client.raw.send(bytes);
        await client.raw.send(encodeRawPdu(Commands.MsgData.id, Buffer.alloc(9_000), 3)).catch(() => {});
        await client.raw.closed;
      }
      expect(await slow.metric('connections_closed_total', { reason: 'before-login' })).toBe(3);
      open();
      expect((await first).resultCode).toBe(0);
    } finally {
      open();
      await slow.stop();
    }
  });

  it('ignores an unknown command and a body that does not parse, and counts them', async () => {
    const client = await server.logIn(3);
    await client.raw.send(encodeRawPdu(0x7777, Buffer.from('?'), 1));
    await client.raw.send(encodeRawPdu(Commands.MsgData.id, Buffer.from([0xff, 0xff, 0xff]), 2));
    await client.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse);
    expect(client.pending).toEqual([]);
    expect(await server.metric('bad_pdus_total', { reason: 'unknown-command' })).toBe(1);
    expect(await server.metric('bad_pdus_total', { reason: 'body' })).toBe(1);
  });

  it('closes after too many consecutive bad PDUs; a good one resets the count', async () => {
    const client = await server.logIn(4);
    const bad = encodeRawPdu(0x7777, Buffer.alloc(0), 1);
    await client.raw.send(Buffer.concat([bad, bad]));
    await client.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse);
    await client.raw.send(Buffer.concat([bad, bad]));
    await client.roundTrip();
    await client.raw.send(Buffer.concat([bad, bad, bad]));
    await client.raw.closed;
    expect(await server.metric('connections_closed_total', { reason: 'bad-pdus' })).toBe(1);
  });

  it('keeps the connection of a client that uses commands this server does not have', async () => {
    const client = await server.logIn(5);
    for (let i = 0; i < 10; i++) {
      await client.send(Commands.FileLoginReq, {
        userId: 5,
        taskId: 'a file_server serves this',
        fileRole: 1,
      });
    }
    await client.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse);
    expect(await server.metric('bad_pdus_total', { reason: 'not-served' })).toBe(10);
  });

  it('accepts PDUs that arrive byte by byte', async () => {
    const client = await server.logIn(6);
    for (const byte of encodePdu(Commands.MsgTimeRequest, {}, 9)) await client.raw.send(Buffer.from([byte]));
    expect((await client.receive(Commands.MsgTimeResponse)).seqNum).toBe(9);
  });
});

describe('idle and slow clients', () => {
  it('are closed when idle: PC clients earlier than mobile ones', async () => {
    const server = await TestServer.start({ env: { IDLE_PC_MS: '200', IDLE_MOBILE_MS: '3000' } });
    try {
      const mobile = await server.logIn(1, CLIENT_TYPE_IOS);
      const start = performance.now();
      const pc = await server.logIn(1, CLIENT_TYPE_WINDOWS);
      await pc.raw.closed;
      expect(performance.now() - start).toBeGreaterThan(150);
      await mobile.roundTrip();
      await mobile.raw.closed;
      expect(await server.metric('connections_closed_total', { reason: 'idle' })).toBe(2);
    } finally {
      await server.stop();
    }
  });

  it('are closed when they do not read their output', async () => {
    const server = await TestServer.start({ env: { MAX_OUTBOUND_BYTES: '65536' } });
    try {
      const client = await server.logIn(1);
      client.raw.socket.pause();
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
