import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { answerBrokenRequests } from './broken-requests.js';
import { listen } from './ops-server.js';

let server: Server;
let refused: string[];
afterEach(() => server.close());

async function start(serve: RequestListener = (_request, response) => response.end('here')): Promise<void> {
  server = createServer({ requestTimeout: 200, headersTimeout: 200, connectionsCheckingInterval: 50 }, serve);
  refused = [];
  answerBrokenRequests(server, {
    onRefused: (reason) => refused.push(reason),
    bodyOf: (status) => `{"status":${status}}`,
  });
  await listen(server, { host: '127.0.0.1', port: 0 });
}

/** Sends bytes. @returns everything received until the connection closed */
function exchange(text: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (piece) => {
    received += piece;
  });
  socket.on('error', () => {});
  socket.write(text);
  return new Promise((resolve) => socket.once('close', () => resolve(received)));
}

test.each([
  ['what is not HTTP', 'noise\r\n\r\n', 400],
  ['a request that does not arrive', 'GET / HTTP/1.1\r\nHost', 408],
  ['a request whose body does not arrive', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx', 408],
  ['headers without end', `GET / HTTP/1.1\r\nHost: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
])('%s is answered, and closed', async (_, text, status) => {
  await start((request, response) => void request.on('end', () => response.end('here')).resume());
  const answer = await exchange(text);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} \\w`));
  expect(answer).toContain('\r\nConnection: close\r\n');
  expect(answer.split('\r\n\r\n')[1]).toBe(`{"status":${status}}`);
  expect(refused).toEqual([String(status)]);
});

test('does not answer after part of another response', async () => {
  await start((_request, response) => void response.write('a beginning'));
  const answer = await exchange('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK.*a beginning\r\n$/s);
  expect(refused).toEqual(['408']);
});
