import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { Networks } from './networks.js';
import { strictTransport } from './strict-transport.js';

const proxies = Networks.parse('TRUSTED_PROXIES', '10.0.0.1');
const year = 31_536_000;

function told(
  headers: Record<string, string>,
  { from = '192.0.2.1', encrypted = false, seconds = year } = {},
) {
  const request = { headers, socket: { remoteAddress: from, encrypted } } as unknown as IncomingMessage;
  return strictTransport(request, seconds, proxies)['strict-transport-security'];
}

it.each([
  ['by TLS', { host: 'chat.example.com' }, { encrypted: true }, `max-age=${year}`],
  ['by TLS at another port', { host: 'chat.example.com:8888' }, { encrypted: true }, undefined],
  ['by TLS where it is off', { host: 'chat.example.com' }, { encrypted: true, seconds: 0 }, undefined],
  ['without', { host: 'chat.example.com' }, {}, undefined],
  [
    'by TLS of a proxy',
    { host: 'chat.example.com', 'x-forwarded-proto': 'https' },
    { from: '::ffff:10.0.0.1' },
    `max-age=${year}`,
  ],
  [
    'by a proxy that passes the port on',
    { host: 'inside', 'x-forwarded-host': 'chat.example.com:8443', 'x-forwarded-proto': 'https' },
    { from: '10.0.0.1' },
    undefined,
  ],
  ['by somebody who says so', { host: 'chat.example.com', 'x-forwarded-proto': 'https' }, {}, undefined],
] as const)('a browser that comes %s', (_, headers, how, header) => {
  expect(told(headers, how)).toBe(header);
});
