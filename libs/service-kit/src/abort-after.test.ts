import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { abortAfter } from './abort-after.js';
import { listen } from './ops-server.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let server: Server;
let url: string;
let collecting: NodeJS.Timeout;

beforeAll(async () => {
  // Never answers GET /, and never ends other responses.
  server = createServer((request, response) => {
    if (request.url !== '/') response.writeHead(200).write('a beginning');
  });
  await listen(server, { host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  collecting = setInterval(collectGarbage, 10);
});
afterAll(() => {
  clearInterval(collecting);
  server.closeAllConnections();
  server.close();
});

const { signal: never } = new AbortController();
setMaxListeners(0, never);

it.each(['/', '/body'])('aborts %s in time, also under garbage collection', async (path) => {
  const read = async (signal: AbortSignal) => (await fetch(url + path, { signal })).text();
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => abortAfter(300, read, never)));
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'no answer within 300 ms' } });
  }
});

it('aborts with its parent, also one that is already aborted', async () => {
  const parent = new AbortController();
  const waiting = abortAfter(60_000, (signal) => fetch(url, { signal }), parent.signal);
  parent.abort(new Error('stopping'));
  await expect(waiting).rejects.toThrow('stopping');
  const late = abortAfter(60_000, () => Promise.resolve('done'), parent.signal);
  await expect(late).rejects.toThrow('stopping');
});

it('returns the result of the work', async () => {
  expect(await abortAfter(60_000, () => Promise.resolve('done'))).toBe('done');
});
