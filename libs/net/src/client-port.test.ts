import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { certificateFiles, proxyHeader, waitUntil } from '@teamtalk/local-stack';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateFiles } from './certificate.js';
import { Networks } from './networks.js';
import { log, TestPort } from './testing/test-port.js';
import { readIntoShared } from './zero-copy.js';

const v2 = { version: 'v2', sources: 'anybody' } as const;

let ports: TestPort[] = [];
afterEach(() => {
  for (const port of ports) port.stop();
  ports = [];
});

async function open(options: Parameters<typeof TestPort.open>[0] = {}): Promise<TestPort> {
  const port = await TestPort.open(options);
  ports.push(port);
  return port;
}

/** Sends bytes, all of which come back. */
async function echo(socket: Socket, bytes = Buffer.from('hello')): Promise<void> {
  socket.write(bytes);
  await echoed(socket, bytes);
}

async function echoed(socket: Socket, expected: Buffer): Promise<void> {
  let received = Buffer.alloc(0);
  while (received.length < expected.length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    received = Buffer.concat([received, chunk]);
  }
  expect(received).toEqual(expected);
}

describe('a plain port', () => {
  const convert = readIntoShared(function (chunk) {
    this.write(chunk);
  });

  it.each([
    ['as they are', {}],
    ['converted', { convert }],
  ])('hands over sockets %s, up to its limit', async (_, how) => {
    const port = await open({ maxSockets: 2, ...how });
    const [first, second] = [await port.connect(), await port.connect()];
    await Promise.all([echo(first), echo(second)]);
    const third = await port.connect();
    await once(third, 'close');
    expect(port.counts.refused).toBe(1);
    first.destroy();
    await waitUntil(
      async () => {
        const socket = await port.connect();
        return Promise.race([echo(socket).then(() => true), once(socket, 'close').then(() => false)]);
      },
      { what: 'room for another socket' },
    );
    expect(port.addresses).toEqual([undefined, undefined, undefined]);
  });

  it('once closed accepts no connection, and those that are open stay', async () => {
    const port = await open();
    const socket = await port.connect();
    await echo(socket);
    port.close();
    await expect(port.connect()).rejects.toThrow('ECONNREFUSED');
    await echo(socket);
  });
});

describe('with PROXY headers', () => {
  it.each([1_000, 1])(
    'hands over the address, and what follows the header, in chunks of %i',
    async (size) => {
      const port = await open({ layers: { proxyProtocol: v2 } });
      const socket = await port.connect();
      const bytes = Buffer.concat([proxyHeader('203.0.113.2'), Buffer.from('hello')]);
      for (let at = 0; at < bytes.length; at += size) socket.write(bytes.subarray(at, at + size));
      await echoed(socket, Buffer.from('hello'));
      expect(port.addresses).toEqual(['203.0.113.2']);
    },
  );

  it('hands over no address of a health check of the load balancer', async () => {
    const port = await open({ layers: { proxyProtocol: v2 } });
    const socket = await port.connect();
    socket.write(proxyHeader('203.0.113.9', { command: 0x20 }));
    await echo(socket);
    expect(port.addresses).toEqual([undefined]);
  });

  it('closes a connection that begins with something else at once', async () => {
    const port = await open({ layers: { proxyProtocol: v2 } });
    const socket = await port.connect();
    socket.write('hello');
    await once(socket, 'close');
    expect(port.counts.proxyRefused).toEqual(['no-header']);
  });

  it('accepts PROXY headers only from trusted load balancers', async () => {
    const port = await open({
      layers: { proxyProtocol: { ...v2, sources: Networks.parse('', '127.0.0.2') } },
    });
    const liar = await port.connect('127.0.0.3');
    await once(liar, 'close');
    expect(port.counts.proxyRefused).toEqual(['untrusted']);
    const socket = await port.connect('127.0.0.2');
    socket.write(proxyHeader('203.0.113.3'));
    await echo(socket);
    expect(port.addresses).toEqual(['203.0.113.3']);
  });

  it('closes a connection whose header does not come in time', async () => {
    const port = await open({ layers: { proxyProtocol: v2, openingMs: 200 } });
    const socket = await port.connect();
    socket.write(proxyHeader('203.0.113.6').subarray(0, 20));
    await once(socket, 'close');
    expect(port.counts.proxyRefused).toEqual(['timeout']);
    expect(port.addresses).toEqual([]);
  });

  it('does not mind a connection that ends before its header does', async () => {
    const port = await open({ layers: { proxyProtocol: v2 } });
    const gone = await port.connect();
    gone.write(proxyHeader('203.0.113.6').subarray(0, 20));
    gone.resetAndDestroy();
    const socket = await port.connect();
    socket.write(proxyHeader('203.0.113.7'));
    await echo(socket);
    expect(port.addresses).toEqual(['203.0.113.7']);
    expect(port.counts.proxyRefused).toEqual([]);
  });

  it('destroys connections without a header when it is closed', async () => {
    const port = await open({ layers: { proxyProtocol: v2 } });
    const taken = await port.connect();
    taken.write(proxyHeader('203.0.113.7'));
    await echo(taken);
    const waiting = await port.connect();
    waiting.write(proxyHeader('203.0.113.8').subarray(0, 20));
    // Served after `waiting` was accepted.
    const later = await port.connect();
    later.write(proxyHeader('203.0.113.7'));
    await echo(later);
    port.close();
    await once(waiting, 'close');
    await echo(taken);
  });
});

describe('with TLS', () => {
  let folder: string;
  let certificate: CertificateFiles;
  let reloads: string[];
  const files = () => ({ certFile: path.join(folder, 'cert.pem'), keyFile: path.join(folder, 'key.pem') });
  const metrics = {
    certificateReloads: { inc: ({ outcome }: { outcome: string }) => reloads.push(outcome) },
  };

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-tls-'));
    reloads = [];
    await install('first', 'first');
    certificate = await CertificateFiles.open({ ...files(), reloadMs: 20, metrics, log });
  });
  afterEach(async () => {
    await certificate.stop();
    await rm(folder, { recursive: true });
  });

  async function install(cert: 'first' | 'second', key: 'first' | 'second'): Promise<void> {
    await copyFile(certificateFiles(cert).certFile, files().certFile);
    await copyFile(certificateFiles(key).keyFile, files().keyFile);
  }

  async function connect(port: TestPort, header?: Buffer): Promise<TLSSocket> {
    const socket = await port.connect();
    if (header) socket.write(header);
    const ca = (['first', 'second'] as const).map((name) => readFileSync(certificateFiles(name).certFile));
    const secure = connectTls({ socket, ca, servername: 'localhost' });
    await once(secure, 'secureConnect');
    return secure;
  }

  const nameOf = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;

  /** The name in the certificate that a new connection is shown. */
  async function nameNow(port: TestPort): Promise<unknown> {
    const socket = await connect(port);
    const name = nameOf(socket);
    socket.destroy();
    return name;
  }

  it('hands over sockets after the handshake, and a PROXY header comes before it', async () => {
    const plain = await open({ layers: { certificate } });
    await echo(await connect(plain), Buffer.alloc(100_000, 'x'));
    expect(plain.addresses).toEqual([undefined]);
    const balanced = await open({ layers: { certificate, proxyProtocol: v2 } });
    await echo(await connect(balanced, proxyHeader('2001:db8:0:0:0:0:0:9')));
    expect(balanced.addresses).toEqual(['2001:db8::9']);
  });

  it('closes and counts connections that speak no TLS, or do not finish the handshake', async () => {
    const port = await open({ layers: { certificate, openingMs: 200 } });
    const [plain, silent] = [await port.connect(), await port.connect()];
    plain.write('hello');
    await Promise.all([once(plain, 'close'), once(silent, 'close')]);
    expect(port.counts.handshakesFailed).toBe(2);
    expect(port.addresses).toEqual([]);
  });

  it('every port uses a renewed certificate for new connections; existing ones stay', async () => {
    const port = await open({ layers: { certificate } });
    const other = await open({ layers: { certificate } });
    const before = await connect(port);
    expect(nameOf(before)).toBe('first.test');
    await install('second', 'second');
    for (const each of [port, other]) {
      await waitUntil(async () => (await nameNow(each)) === 'second.test', { what: 'the new certificate' });
    }
    expect(reloads).toContain('ok');
    await echo(before);
  });

  it.each([
    ['is no certificate', () => writeFile(files().certFile, 'no certificate')],
    ['has the key of another one', () => install('first', 'second')],
    ['is not there', () => rm(files().certFile)],
  ])('keeps the old certificate when the new one %s', async (_, damage) => {
    const port = await open({ layers: { certificate } });
    await damage();
    await waitUntil(() => reloads.includes('refused'), { what: 'the broken one is refused' });
    expect(await nameNow(port)).toBe('first.test');
  });

  it('does not open an unusable certificate', async () => {
    await install('first', 'second');
    const opened = CertificateFiles.open({ ...files(), reloadMs: 20, metrics, log });
    await expect(opened).rejects.toThrow(/key values mismatch/i);
  });
});

describe('connections from one address', () => {
  /** Connects, and tells whether the server keeps the connection. */
  async function isKept(port: TestPort, address: string, header?: Buffer): Promise<boolean> {
    const socket = await port.connect(address);
    socket.write(header ?? 'hello');
    if (header) socket.write('hello');
    return Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
  }

  it.each([{ convert: undefined }, { convert: readIntoShared(() => {}) }])(
    'are limited, and others still get in (%j)',
    async (options) => {
      const port = await open({ perAddress: 2, ...options });
      const sockets = [await port.connect('127.0.0.2'), await port.connect('127.0.0.2')];
      await waitUntil(() => port.addresses.length === 2, { what: 'both are taken' });
      const third = await port.connect('127.0.0.2');
      await once(third, 'close');
      expect(port.counts.refusedByAddress).toBe(1);
      await port.connect('127.0.0.3');
      await waitUntil(() => port.addresses.length === 3, { what: 'the other address is taken' });
      sockets[0]!.destroy();
      await expect
        .poll(async () => {
          await port.connect('127.0.0.2');
          return port.addresses.length;
        })
        .toBeGreaterThan(3);
    },
  );

  it('are told apart by the PROXY header', async () => {
    const port = await open({ perAddress: 1, layers: { proxyProtocol: v2 } });
    expect(await isKept(port, '127.0.0.2', proxyHeader('203.0.113.7'))).toBe(true);
    expect(await isKept(port, '127.0.0.2', proxyHeader('203.0.113.7'))).toBe(false);
    expect(await isKept(port, '127.0.0.2', proxyHeader('203.0.113.8'))).toBe(true);
  });

  it('are not limited where exempt', async () => {
    const port = await open({ perAddress: 1, exempt: '127.0.0.0/8' });
    expect(await isKept(port, '127.0.0.2')).toBe(true);
    expect(await isKept(port, '127.0.0.2')).toBe(true);
  });
});
