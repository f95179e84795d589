import { connect } from 'node:net';
import { proxyHeader } from '@teamtalk/local-stack';
import { Commands, encodePdu, encodeRawPdu } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { converse } from '../testing/tcp-client.js';
import { TestServer } from '../testing/test-server.js';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start({ MAX_CONSECUTIVE_BAD_PDUS: '3', MAX_TCP_CONNECTIONS: '5' });
});
afterEach(() => server.stop());

const question = encodePdu(Commands.LoginReqMsgserver, {}, 9);
const closedBecause = (reason: string, times: number) =>
  expect.poll(() => server.metrics()).toContain(`tcp_closed_total{reason="${reason}"} ${times}\n`);

describe('invalid requests', () => {
  it.each([0, 1, 15, 1025, 2 ** 31, 2 ** 32 - 1])(
    'close the connection on a PDU length of %d',
    async (length) => {
      const header = Buffer.alloc(16);
      header.writeUInt32BE(length);
      expect(await converse(server.service.ports.tcp!, header)).toEqual([]);
      await closedBecause('framing', 1);
    },
  );

  it('may include a few other PDUs before the request', async () => {
    const heartbeat = encodeRawPdu(0x0701, Buffer.alloc(0), 1);
    const unknown = encodeRawPdu(0x7777, Buffer.from('noise'), 2);
    const pdus = await converse(server.service.ports.tcp!, Buffer.concat([heartbeat, unknown, question]));
    expect(pdus.map(({ commandId, seqNum }) => [commandId, seqNum])).toEqual([[0x0102, 9]]);
    expect(await server.metrics()).toContain('tcp_bad_pdus_total 2\n');
  });

  it('close the connection after too many PDUs', async () => {
    const heartbeat = encodeRawPdu(0x0701, Buffer.alloc(0), 1);
    const pdus = await converse(
      server.service.ports.tcp!,
      Buffer.concat([heartbeat, heartbeat, heartbeat, question]),
    );
    expect(pdus).toEqual([]);
    await closedBecause('bad_pdus', 1);
  });

  it('are not answered after the first request', async () => {
    const pdus = await converse(server.service.ports.tcp!, Buffer.concat([question, question]));
    expect(pdus).toHaveLength(1);
    await closedBecause('answered', 1);
  });

  it('may be 1 MB of noise', async () => {
    const noise = Buffer.alloc(1024 * 1024, 0xff);
    expect(await converse(server.service.ports.tcp!, noise)).toEqual([]);
    expect(await converse(server.service.ports.tcp!, question)).toHaveLength(1);
  });
});

describe('limits', () => {
  it('accept a request split into single bytes', async () => {
    const { pdus } = await new Promise<{ pdus: number }>((resolve, reject) => {
      let received = 0;
      const socket = connect(server.service.ports.tcp!, '127.0.0.1', () => {
        socket.setNoDelay(true);
        for (const byte of question) socket.write(Buffer.from([byte]));
      });
      socket.on('data', (chunk) => {
        received += chunk.length;
      });
      socket.on('error', reject);
      socket.on('close', () => resolve({ pdus: received }));
    });
    expect(pdus).toBeGreaterThanOrEqual(16);
  });

  it('refuse connections above the maximum and accept them again later', async () => {
    const silent = await Promise.all(
      Array.from(
        { length: 5 },
        () =>
          new Promise<ReturnType<typeof connect>>((resolve) => {
            const socket = connect(server.service.ports.tcp!, '127.0.0.1', () => resolve(socket));
          }),
      ),
    );
    await expect.poll(() => server.metrics()).toContain('tcp_connections 5\n');
    expect(await converse(server.service.ports.tcp!, question)).toEqual([]);
    await closedBecause('too_many_connections', 1);
    for (const socket of silent) socket.destroy();
    await closedBecause('peer', 5);
    expect(await converse(server.service.ports.tcp!, question)).toHaveLength(1);
  });

  it('close a connection that sends nothing, and one that the client never closes', async () => {
    const hasty = await TestServer.start({ REQUEST_TIMEOUT_MS: '1000' });
    try {
      expect(await converse(hasty.service.ports.tcp!, Buffer.alloc(0))).toEqual([]);
      const stuck = connect({ port: hasty.service.ports.tcp!, host: '127.0.0.1', allowHalfOpen: true });
      stuck.write(question);
      stuck.resume();
      await expect
        .poll(() => hasty.metrics(), { timeout: 10_000 })
        .toContain('tcp_closed_total{reason="answered"} 1\n');
      expect(await hasty.metrics()).toContain('tcp_closed_total{reason="timeout"} 1\n');
      stuck.destroy();
    } finally {
      await hasty.stop();
    }
  });
});

describe('behind a load balancer', () => {
  const from = (address: string) => Buffer.concat([proxyHeader(address), question]);

  it('limits clients by the address in their PROXY header', async () => {
    const balanced = await TestServer.start({
      PROXY_PROTOCOL: 'v2',
      MAX_CONNECTIONS_PER_ADDRESS: '1',
      ADDRESS_LIMIT_EXEMPT: 'none',
    });
    try {
      const { tcp } = balanced.service.ports;
      const held = connect(tcp!, '127.0.0.1');
      held.write(proxyHeader('203.0.113.1'));
      await expect.poll(() => balanced.metrics()).toContain('tcp_connections 1\n');
      expect(await converse(tcp!, from('203.0.113.1'))).toEqual([]);
      expect(await balanced.metrics()).toContain('tcp_closed_total{reason="too_many_from_address"} 1\n');
      expect(await converse(tcp!, from('203.0.113.2'))).toHaveLength(1);
      expect(await converse(tcp!, question)).toEqual([]);
      expect(await balanced.metrics()).toContain('tcp_closed_total{reason="no_proxy_header"} 1\n');
      held.destroy();
    } finally {
      await balanced.stop();
    }
  });

  it('accepts PROXY headers only from trusted load balancers', async () => {
    const env = { PROXY_PROTOCOL: 'v2', TRUSTED_PROXIES: '127.0.0.2' };
    const balanced = await TestServer.start(env);
    try {
      expect(await converse(balanced.service.ports.tcp!, from('203.0.113.1'))).toEqual([]);
      expect(await balanced.metrics()).toContain('tcp_closed_total{reason="no_proxy_header"} 1\n');
    } finally {
      await balanced.stop();
    }
  });
});
