import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { setImmediate as turn } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { createKit, type Kit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { apps } from './definitions.js';
import { RpcServer } from './server.js';

let kit: Kit;
let port: number;
let calls = 0;
beforeEach(async () => {
  kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 5_000 });
  const server = new RpcServer(kit);
  server.unary(apps.listApps, async () => {
    calls++;
    return {};
  });
  port = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => kit.life.stop());

/** Begins and resets calls in batches, until the server closes the session or `most` is reached. @returns how many */
async function flood(session: ClientHttp2Session, most: number): Promise<number> {
  const headers = {
    ':method': 'POST',
    ':path': apps.listApps.path,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  const emptyMessage = Buffer.alloc(5);
  let count = 0;
  while (!session.destroyed && count < most) {
    const batch = Array.from({ length: 50 }, () => {
      const stream = session.request(headers);
      stream.on('error', () => {});
      stream.write(emptyMessage);
      return stream;
    });
    // Lets the requests be sent before they are reset.
    await turn();
    for (const stream of batch) stream.close(constants.NGHTTP2_CANCEL);
    count += batch.length;
    await turn();
  }
  return count;
}

it('a caller that keeps opening and resetting streams is disconnected, and others are served', async () => {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  await once(session, 'connect');
  expect(await flood(session, 20_000)).toBeLessThan(20_000);
  expect(calls).toBeLessThan(5_000);
  session.destroy();
  const { path, requestSerialize, responseDeserialize } = apps.listApps;
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  await new Promise<void>((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, (error) =>
      error ? reject(error) : resolve(),
    );
  });
  client.close();
}, 60_000);
