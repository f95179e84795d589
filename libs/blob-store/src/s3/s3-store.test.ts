import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readEnv } from '@teamtalk/service-kit';
import { afterEach, describe, expect, it } from 'vitest';
import type { BlobStore } from '../blob-store.js';
import { storageConfig, storageEnv } from '../env.js';
import { connect } from '../open-store.js';

let server: Server | undefined;
let store: BlobStore | undefined;
afterEach(() => {
  store?.close();
  server?.closeAllConnections();
  server?.close();
});

/** A store on a scripted server. */
async function storeAt(serve: RequestListener, env: Record<string, string> = {}): Promise<BlobStore> {
  server = createServer(serve);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const values = readEnv(storageEnv, {
    STORAGE: 's3',
    S3_ENDPOINT: `http://127.0.0.1:${port}`,
    S3_BUCKET: 'b',
    ...(env.S3_ACCESS_KEY_ID_FILE ? {} : { S3_ACCESS_KEY_ID: 'k', S3_SECRET_ACCESS_KEY: 's' }),
    ...env,
  });
  store = await connect(storageConfig(values));
  return store;
}

describe('an object store that', () => {
  it('does not answer times out', async () => {
    const silent = await storeAt(() => {}, { STORAGE_TIMEOUT_MS: '500' });
    await expect(silent.head('a')).rejects.toMatchObject({ code: 'deadline-exceeded' });
    await expect(silent.check()).rejects.toMatchObject({ code: 'deadline-exceeded' });
    await expect(silent.put('a', Buffer.from('1'))).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
  });

  it('fails once gets a retry with the whole content', async () => {
    const bodies: string[] = [];
    const failing = await storeAt((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(bodies.length === 1 ? 503 : 200, { etag: '"e"' }).end();
      });
    });
    expect(await failing.put('a', Buffer.from('content'))).toMatchObject({ size: 7, etag: 'e' });
    expect(bodies).toEqual(['content', 'content']);
  });

  it('refuses gets no retry', async () => {
    let requests = 0;
    const refusing = await storeAt((request, response) => {
      requests++;
      request.resume();
      response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
    });
    await expect(refusing.put('a', Buffer.from('1'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(requests).toBe(1);
  });

  it('is full fails with no-space', async () => {
    const full = await storeAt((request, response) => {
      request.resume();
      response.writeHead(400).end('<Error><Code>QuotaExceeded</Code></Error>');
    });
    await expect(full.put('a', Buffer.from('1'))).rejects.toMatchObject({ code: 'no-space' });
  });

  it('is not there fails with unavailable', async () => {
    const gone = await storeAt(() => {});
    server!.close();
    server!.closeAllConnections();
    await expect(gone.check()).rejects.toMatchObject({ name: 'StorageError' });
  });
});

it('reads its keys from files', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-keys-'));
  const [id, secret] = [path.join(folder, 'id'), path.join(folder, 'secret')];
  await writeFile(id, 'the-id\n');
  await writeFile(secret, 'the-secret\n');
  let authorization: string | undefined;
  const kept = await storeAt(
    (request, response) => {
      authorization = request.headers.authorization;
      response.end();
    },
    { S3_ACCESS_KEY_ID_FILE: id, S3_SECRET_ACCESS_KEY_FILE: secret },
  );
  await kept.check();
  expect(authorization).toContain('Credential=the-id/');
  await rm(folder, { recursive: true });
});

it.each([
  [{ STORAGE: 's3' }, 'S3_BUCKET: is required with STORAGE=s3'],
  [
    { STORAGE: 's3', S3_BUCKET: 'b', S3_ACCESS_KEY_ID: 'k' },
    'S3_SECRET_ACCESS_KEY: is required with S3_ACCESS_KEY_ID',
  ],
  [
    { STORAGE: 's3', S3_BUCKET: 'b', S3_SECRET_ACCESS_KEY_FILE: '/x' },
    'S3_ACCESS_KEY_ID_FILE: is required with S3_SECRET_ACCESS_KEY_FILE',
  ],
])('%j lacks something', (env, problem) => {
  expect(() => storageConfig(readEnv(storageEnv, env))).toThrow(problem);
});
