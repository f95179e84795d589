import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { ClientLog, ConfigError, createLogger } from '@teamtalk/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AddressLimit, addressLimits } from './address-limit.js';
import { limitByAddress } from './http-addresses.js';
import { Networks } from './networks.js';
import { clientLog } from './testing/test-port.js';

const noNetworks = Networks.parse('', '');

/** Whether each address gets in; those that do stay. */
function admitted(limit: AddressLimit, addresses: string[]): boolean[] {
  return addresses.map((address) => limit.admit(new EventEmitter(), address));
}

describe('AddressLimit', () => {
  it('counts an IPv4 address, also when mapped to IPv6, and the /64 of an IPv6 address', () => {
    const limit = new AddressLimit({
      perAddress: 1,
      total: 100,
      exempt: noNetworks,
      refused: { inc() {} },
      clientLog,
    });
    expect(admitted(limit, ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2'])).toEqual([true, false, true]);
    expect(admitted(limit, ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'])).toEqual([true, false, true]);
  });

  it('is half of the total unless given, does not hold for exempt networks, and ends with the holder', () => {
    const exempt = Networks.parse('', '127.0.0.0/8, ::1');
    let refused = 0;
    const limit = new AddressLimit({
      perAddress: 0,
      total: 3,
      exempt,
      refused: { inc: () => refused++ },
      clientLog,
    });
    const holder = new EventEmitter();
    expect(limit.admit(holder, '192.0.2.1')).toBe(true);
    expect(admitted(limit, ['192.0.2.1', '192.0.2.1'])).toEqual([true, false]);
    expect(refused).toBe(1);
    holder.emit('close');
    expect(admitted(limit, ['192.0.2.1', '192.0.2.1'])).toEqual([true, false]);
    expect(admitted(limit, ['127.0.0.9', '127.0.0.9', '127.0.0.9', '::1', '::1', '::1'])).not.toContain(
      false,
    );
  });

  it('logs one line for an address, however many it refuses', () => {
    const lines: string[] = [];
    const spy = createLogger({ service: 'test', instance: 1, level: 'warn' });
    spy.warn = ((details: { address: string }) => lines.push(details.address)) as never;
    const options = { perAddress: 1, total: 9, exempt: noNetworks, refused: { inc() {} } };
    const limit = new AddressLimit({
      ...options,
      clientLog: new ClientLog({ log: spy, leftOut: { inc() {} } }),
    });
    for (const address of ['192.0.2.1', '192.0.2.2']) {
      for (let i = 0; i < 50; i++) limit.admit(new EventEmitter(), address);
    }
    expect(lines).toEqual(['192.0.2.1', '192.0.2.2']);
  });
});

it('the settings are checked; none exempts nobody', () => {
  const values = { MAX_CONNECTIONS_PER_ADDRESS: 5, ADDRESS_LIMIT_EXEMPT: 'none' };
  expect(addressLimits(values).exempt.includes('127.0.0.1')).toBe(false);
  for (const wrong of ['office', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/x']) {
    expect(() => addressLimits({ ...values, ADDRESS_LIMIT_EXEMPT: wrong }), wrong).toThrow(ConfigError);
  }
});

describe('an HTTP server', () => {
  const sockets: Socket[] = [];
  let stop = () => {};
  beforeEach(() => {
    stop = () => {};
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    stop();
  });

  /** A server that answers only once `answer` is called. @returns its port */
  async function serve(trusted: string): Promise<{ port: number; answer: () => void }> {
    const waiting: (() => void)[] = [];
    const limited = limitByAddress(
      {
        perAddress: 2,
        total: 100,
        exempt: noNetworks,
        trustedProxies: Networks.parse('', trusted),
        refused: { inc() {} },
        clientLog,
      },
      (_request, response) => void waiting.push(() => response.end('served')),
      (_request, response) => response.writeHead(429).end('refused'),
    );
    const server = createServer(limited.serve);
    limited.attach(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stop = () => server.close();
    return {
      port: (server.address() as AddressInfo).port,
      answer: () => {
        for (const each of waiting.splice(0)) each();
      },
    };
  }

  /** Asks from a local address. @returns the bytes received so far, and whether the server closed the connection */
  function ask(port: number, localAddress: string, forwarded?: string, times = 1) {
    const asked = { text: '', closed: false };
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      asked.closed = true;
    });
    socket.on('data', (chunk) => {
      asked.text += chunk.toString('latin1');
    });
    const header = forwarded ? `X-Forwarded-For: ${forwarded}\r\n` : '';
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${header}\r\n`.repeat(times));
    return asked;
  }

  it('limits the connections of an address, whatever it says about itself', async () => {
    const { port, answer } = await serve('');
    const taken = [1, 2].map(() => ask(port, '127.0.0.2'));
    const third = ask(port, '127.0.0.2', '203.0.113.5');
    await expect.poll(() => third.closed).toBe(true);
    const other = ask(port, '127.0.0.3');
    await expect
      .poll(() => {
        answer();
        return [...taken, other].every(({ text }) => text.endsWith('served'));
      })
      .toBe(true);
  });

  it('closes a connection with too many requests in flight, and serves one with a few', async () => {
    const { port, answer } = await serve('');
    const some = ask(port, '127.0.0.2', undefined, 64);
    const many = ask(port, '127.0.0.3', undefined, 1_000);
    await expect.poll(() => many.closed).toBe(true);
    await expect
      .poll(() => {
        answer();
        return some.text.split('served').length - 1;
      })
      .toBe(64);
    expect(some.closed).toBe(false);
  });

  it('counts all requests that a trusted proxy forwards without a valid address as one address', async () => {
    const { port } = await serve('127.0.0.2');
    const asked = ['unknown', '203.0.113.5:4711', '_hidden', '[::1'].map((each) =>
      ask(port, '127.0.0.2', each),
    );
    await expect.poll(() => asked.filter(({ text }) => text.includes('refused')).length).toBe(2);
  });

  it('limits what a trusted proxy forwards for one address, not the proxy', async () => {
    const { port, answer } = await serve('127.0.0.2, 10.0.0.0/8');
    const first = ask(port, '127.0.0.2', '198.51.100.1, 203.0.113.5');
    const second = ask(port, '127.0.0.2', '203.0.113.5, 10.0.0.1');
    const third = ask(port, '127.0.0.2', '203.0.113.5');
    await expect
      .poll(() => [first, second, third].filter(({ text }) => text.includes('refused')).length)
      .toBe(1);
    const other = ask(port, '127.0.0.2', '203.0.113.6');
    await expect
      .poll(() => {
        answer();
        return [first, second, third, other].filter(({ text }) => text.endsWith('served')).length;
      })
      .toBe(3);
  });
});
