import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type TestS3, testS3 } from '@teamtalk/local-stack';
import { readEnv } from '@teamtalk/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlobStore } from './blob-store.js';
import { bytesOf } from './bytes-of.js';
import { storageConfig, storageEnv } from './env.js';
import { isNotFound } from './errors.js';
import { connect } from './open-store.js';

let folder: string;
let s3: TestS3;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-store-'));
  s3 = await testS3();
});
afterAll(async () => {
  await s3.stop();
  await rm(folder, { recursive: true });
});

const open = (env: Record<string, string>) => connect(storageConfig(readEnv(storageEnv, env)));

const kinds = {
  local: () => open({ STORAGE_DIR: path.join(folder, 'blobs') }),
  s3: () => open(s3.env),
};

async function* chunks(...pieces: Array<string | Error>) {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield Buffer.from(piece);
  }
}

describe.each(['local', 's3'] as const)('a store of kind %s', (kind) => {
  let store: BlobStore;
  beforeAll(async () => {
    store = await kinds[kind]();
  });
  afterAll(() => store.close());

  const read = async (key: string, range?: { offset: number; length?: number }) => {
    const blob = await store.get(key, range);
    const content = await buffer(blob.stream());
    expect(content.length).toBe(blob.length);
    // The other ways to read return the same bytes.
    expect(await bytesOf(await store.get(key, range))).toEqual(content);
    const pieces: Buffer[] = [];
    await (await store.get(key, range)).copyTo(async (piece) => void pieces.push(Buffer.from(piece)));
    expect(Buffer.concat(pieces)).toEqual(content);
    return content.toString();
  };

  it('returns the stored bytes and their metadata', async () => {
    const before = Date.now() - 2_000;
    const stored = await store.put('a/b/c.txt', chunks('hello ', 'world'), { sha256: true });
    expect(stored).toMatchObject({
      key: 'a/b/c.txt',
      size: 11,
      sha256: createHash('sha256').update('hello world').digest('hex'),
    });
    expect(await read('a/b/c.txt')).toBe('hello world');
    const info = await store.head('a/b/c.txt');
    expect(info).toMatchObject({ key: 'a/b/c.txt', size: 11, etag: stored.etag });
    expect(info.modified.getTime()).toBeGreaterThan(before);
    const opened = await store.get('a/b/c.txt', { offset: 1, length: 0 });
    expect(opened.info.etag).toBe(info.etag);
    opened.stream().destroy();
  });

  it('stores a Buffer, also an empty one', async () => {
    await store.put('bytes', Buffer.from('abc'));
    expect(await read('bytes')).toBe('abc');
    expect(await store.put('empty', chunks())).toMatchObject({ size: 0, sha256: undefined });
    expect(await read('empty')).toBe('');
  });

  it('reads ranges', async () => {
    await store.put('digits', Buffer.from('0123456789'));
    expect(await read('digits', { offset: 0, length: 1 })).toBe('0');
    expect(await read('digits', { offset: 3, length: 4 })).toBe('3456');
    expect(await read('digits', { offset: 9 })).toBe('9');
    expect(await read('digits', { offset: 8, length: 100 })).toBe('89');
    expect(await read('digits', { offset: 2, length: 0 })).toBe('');
    const blob = await store.get('digits', { offset: 3, length: 2 });
    expect(blob.info.size).toBe(10);
    blob.stream().destroy();
    await expect(store.get('digits', { offset: 10 })).rejects.toMatchObject({ code: 'invalid-range' });
    await expect(store.get('digits', { offset: 11, length: 1 })).rejects.toMatchObject({
      code: 'invalid-range',
    });
  });

  it('does not mistake a range for the whole blob', async () => {
    await store.put('digits', Buffer.from('0123456789'));
    for (const pieces of [['01234'], ['01234567', '89ab']]) {
      const blob = await store.get('digits');
      blob.stream().destroy();
      const copyTo = async (write: (piece: Uint8Array) => Promise<void>) => {
        for (const piece of pieces) await write(Buffer.from(piece));
      };
      await expect(bytesOf({ ...blob, copyTo })).rejects.toMatchObject({ code: 'unavailable' });
    }
  });

  it('replaces a blob atomically', async () => {
    const first = await store.put('again', Buffer.from('first'));
    const reader = await store.get('again');
    const second = await store.put('again', Buffer.from('second, and longer'));
    expect(second.etag).not.toBe(first.etag);
    expect(await read('again')).toBe('second, and longer');
    expect((await buffer(reader.stream())).toString()).toBe('first');
  });

  it('reports blobs that do not exist', async () => {
    await store.put('there/is', Buffer.from('1'));
    for (const key of ['nothing', 'there', 'there/is/below', 'there/is.not']) {
      const error = await store.get(key).catch((reason: unknown) => reason);
      expect(isNotFound(error), key).toBe(true);
      await expect(store.head(key), key).rejects.toMatchObject({ code: 'not-found' });
      await store.delete(key);
    }
    expect(await read('there/is')).toBe('1');
  });

  it('deletes', async () => {
    await store.put('gone/deep/down', Buffer.from('1'));
    await store.delete('gone/deep/down');
    await expect(store.head('gone/deep/down')).rejects.toMatchObject({ code: 'not-found' });
    await store.delete('gone/deep/down');
    await store.put('gone', Buffer.from('now a blob'));
    expect(await read('gone')).toBe('now a blob');
  });

  it('lists page by page in key order', async () => {
    const keys = ['list/a', 'list/a-b', 'list/a.b', 'list/a0', 'list/b/1', 'list/b/2', 'list/b-1', 'list/c'];
    for (const key of keys) await store.put(key, Buffer.from(key));
    await store.put('lisp', Buffer.from('other'));
    const sorted = [...keys].sort();
    const all = async (prefix: string, limit?: number) => {
      const found: string[] = [];
      for (let after: string | undefined; ; after = found.at(-1)) {
        const page = await store.list(prefix, { after, limit });
        found.push(...page.map(({ key }) => key));
        if (page.length === 0) return found;
        expect(page.length).toBeLessThanOrEqual(limit ?? 1000);
      }
    };
    expect(await all('list/')).toEqual(sorted);
    for (const limit of [1, 2, 3, 5]) expect(await all('list/', limit)).toEqual(sorted);
    expect(await all('list/b')).toEqual(['list/b-1', 'list/b/1', 'list/b/2']);
    expect(await all('list/b/')).toEqual(['list/b/1', 'list/b/2']);
    expect(await all('lis')).toEqual(['lisp', ...sorted]);
    expect(await all('nothing/')).toEqual([]);
    expect((await store.list('list/c'))[0]).toMatchObject({
      size: 6,
      etag: expect.stringMatching(/^[\w-]+$/),
    });
  });

  it('leaves nothing behind when a put fails', async () => {
    const failing = store.put('failed', chunks('half', new Error('the peer went away')));
    await expect(failing).rejects.toMatchObject({
      code: 'source-failed',
      cause: { message: 'the peer went away' },
    });
    const endless = new Readable({ read() {} });
    const stalled = store.put('failed', endless, { signal: AbortSignal.timeout(50) });
    await expect(stalled).rejects.toMatchObject({ code: 'source-failed' });
    expect(endless.destroyed).toBe(true);
    await expect(store.head('failed')).rejects.toMatchObject({ code: 'not-found' });
    expect(await store.sweep(-1)).toBe(0);
  });

  it('stores up to the limit and not a byte more', async () => {
    expect(await store.put('limit', chunks('12345', '67890'), { maxBytes: 10 })).toMatchObject({ size: 10 });
    await expect(store.put('beyond', chunks('12345', '678901'), { maxBytes: 10 })).rejects.toMatchObject({
      code: 'too-large',
    });
    await expect(store.head('beyond')).rejects.toMatchObject({ code: 'not-found' });
  });

  it.each(['', '../x', 'a/../../x', '/etc/passwd', 'a\0b', '..\\x', '.tmp/x', '%2e%2e/x'])(
    'refuses the key %j',
    async (key) => {
      const code = 'invalid-key';
      await expect(store.put(key, Buffer.from('x'))).rejects.toMatchObject({ code });
      await expect(store.get(key)).rejects.toMatchObject({ code });
      await expect(store.head(key)).rejects.toMatchObject({ code });
      await expect(store.delete(key)).rejects.toMatchObject({ code });
      if (key) await expect(store.list(key)).rejects.toMatchObject({ code });
    },
  );

  it('stores a large blob, as a multipart upload where the store needs it', async () => {
    const piece = randomBytes(1024 * 1024);
    const hash = createHash('sha256');
    async function* source() {
      for (let i = 0; i < 20; i++) {
        hash.update(piece);
        yield piece;
      }
    }
    const stored = await store.put('large', source(), { sha256: true });
    expect(stored.size).toBe(20 * 1024 * 1024);
    expect(stored.sha256).toBe(hash.digest('hex'));
    const back = createHash('sha256');
    for await (const chunk of (await store.get('large')).stream()) back.update(chunk as Buffer);
    expect(back.digest('hex')).toBe(stored.sha256);
    // Several slow readers at once: no buffer is reused before its reader is done with it.
    const copied = Array.from({ length: 3 }, async () => {
      const copy = createHash('sha256');
      await (await store.get('large')).copyTo(async (piece) => {
        await new Promise((resolve) => setImmediate(resolve));
        copy.update(piece);
      });
      return copy.digest('hex');
    });
    expect(new Set(await Promise.all(copied))).toEqual(new Set([stored.sha256]));
    const broken = (await store.get('large')).copyTo(() => Promise.reject(new Error('full')));
    await expect(broken).rejects.toThrow('full');
    await store.delete('large');
  });

  it('stores chunks of any size in order', async () => {
    const sizes = [1, 700_000, 3, 524_288, 65_536, 65_535, 400_000, 1_048_577, 7];
    const pieces = sizes.map((size) => randomBytes(size));
    const stored = await store.put('pieces', Readable.from(pieces), { sha256: true });
    const whole = Buffer.concat(pieces);
    expect(stored.sha256).toBe(createHash('sha256').update(whole).digest('hex'));
    expect((await buffer((await store.get('pieces')).stream())).equals(whole)).toBe(true);
    await store.delete('pieces');
  });

  it('stores many blobs concurrently', async () => {
    const numbers = Array.from({ length: 50 }, (_, i) => String(i));
    await Promise.all(numbers.map((i) => store.put(`many/${i}`, chunks(i))));
    expect(await Promise.all(numbers.map((i) => read(`many/${i}`)))).toEqual(numbers);
    await Promise.all(numbers.map((i) => store.delete(`many/${i}`)));
    expect(await store.list('many')).toEqual([]);
  });

  it('passes its health check', async () => {
    await store.check();
  });
});
