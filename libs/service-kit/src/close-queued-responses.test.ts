import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { closeQueuedResponses } from './close-queued-responses.js';
import { listen } from './ops-server.js';

let server: Server;
afterEach(() => server.close());

const port = () => (server.address() as AddressInfo).port;
const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

test('every response of a reset connection closes once', async () => {
  const closed: number[] = [];
  const responses: ServerResponse[] = [];
  server = createServer((_request, response) => {
    const number = responses.push(response);
    response.on('close', () => closed.push(number));
  });
  closeQueuedResponses(server);
  await listen(server, { host: '127.0.0.1', port: 0 });
  const socket = connect(port(), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(request.repeat(50));
  await expect.poll(() => responses.length).toBe(50);
  // The first response is done, the second is being sent, the third is queued behind it.
  responses[0]!.end('one');
  responses[1]!.write('two');
  responses[2]!.end('three');
  await expect.poll(() => closed).toEqual([1]);
  socket.resetAndDestroy();
  await expect.poll(() => closed.length).toBe(50);
  expect(new Set(closed).size).toBe(50);
  expect(responses.every(({ destroyed }) => destroyed)).toBe(true);
});

test('on a lasting connection each response closes when it is done', async () => {
  let closed = 0;
  server = createServer((_request, response) => {
    response.on('close', () => closed++);
    setImmediate(() => response.end('x'));
  });
  closeQueuedResponses(server);
  await listen(server, { host: '127.0.0.1', port: 0 });
  const socket = connect(port(), '127.0.0.1');
  socket.resume();
  socket.write(request.repeat(20));
  await expect.poll(() => closed).toBe(20);
  socket.write(request.repeat(5));
  await expect.poll(() => closed).toBe(25);
  const over = new Promise((resolve) => socket.once('close', resolve));
  socket.end();
  await over;
  expect(closed).toBe(25);
});
