import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picture } from '../testing/pictures.js';
import { TestServer } from '../testing/test-server.js';

let msfs: TestServer;
let jpeg: Buffer;
beforeAll(async () => {
  msfs = await TestServer.start();
  jpeg = await picture(300, 200);
});
afterAll(() => msfs.stop());

/** One that is cached at once, one that is cached when requested again, and one that is never cached. */
const sizes = { small: 5_000, large: 1_500_000, huge: 9_000_000 };
const paths: Record<string, { path: string; content: Buffer }> = {};
beforeAll(async () => {
  for (const [size, bytes] of Object.entries(sizes)) {
    const content = Buffer.concat([jpeg, randomBytes(bytes)]);
    paths[size] = { path: (await msfs.upload(content, 'x.jpg')).path, content };
  }
});

describe.each(['small', 'large', 'huge'] as const)('a %s image', (size) => {
  const get = (headers?: Record<string, string>, method?: string) =>
    msfs.get(paths[size]!.path, headers, method);
  const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

  it('is returned byte for byte, cacheable for ever', async () => {
    const { content } = paths[size]!;
    for (let i = 0; i < 2; i++) {
      const response = await get();
      expect(response.status).toBe(200);
      expect(content.equals(await bytesOf(response))).toBe(true);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'image/jpeg',
        'content-length': String(content.length),
        'cache-control': 'public, max-age=31536000, immutable',
        'accept-ranges': 'bytes',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'access-control-allow-origin': '*',
        etag: expect.stringMatching(/^"[\w-]+"$/),
        'last-modified': expect.stringMatching(/GMT$/),
      });
      expect(response.headers.has('content-disposition')).toBe(false);
    }
  });

  it('answers HEAD', async () => {
    const response = await get({}, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(paths[size]!.content.length));
    expect(await bytesOf(response)).toHaveLength(0);
  });

  it('is not sent again to a client that has it', async () => {
    const first = await get({}, 'HEAD');
    const etag = first.headers.get('etag')!;
    const modified = first.headers.get('last-modified')!;
    const known: Array<Record<string, string>> = [
      { 'if-none-match': etag },
      { 'if-none-match': `W/${etag}, "other"` },
      { 'if-none-match': '*' },
      { 'if-modified-since': modified },
    ];
    for (const headers of known) {
      const response = await get(headers);
      expect(response.status).toBe(304);
      expect(response.headers.get('etag')).toBe(etag);
      expect(await bytesOf(response)).toHaveLength(0);
    }
    const unknown: Array<Record<string, string>> = [
      { 'if-none-match': '"other"' },
      { 'if-none-match': '"other"', 'if-modified-since': modified },
      { 'if-modified-since': new Date(0).toUTCString() },
    ];
    for (const headers of unknown) {
      const response = await get(headers);
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    }
  });

  it('is served by ranges', async () => {
    const { content } = paths[size]!;
    const total = content.length;
    for (const [range, from, to] of [
      ['bytes=0-0', 0, 0],
      ['bytes=10-19', 10, 19],
      ['bytes=100-', 100, total - 1],
      ['bytes=-7', total - 7, total - 1],
      [`bytes=5-${total * 2}`, 5, total - 1],
    ] as const) {
      const response = await get({ range });
      expect(response.status, range).toBe(206);
      expect(response.headers.get('content-range')).toBe(`bytes ${from}-${to}/${total}`);
      expect(content.subarray(from, to + 1).equals(await bytesOf(response)), range).toBe(true);
    }
    const head = await get({ range: 'bytes=10-19' }, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([206, '10']);
  });

  it('refuses unsatisfiable ranges, and sends everything for nonsensical ones', async () => {
    const { content } = paths[size]!;
    const beyond = await get({ range: `bytes=${content.length}-` });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe(`bytes */${content.length}`);
    expect(await beyond.text()).toBe('{"error_code":1,"error_msg":"参数错误"}');
    for (const range of ['bytes=5-2', 'lines=1-2', 'bytes=0-1,5-6', 'nonsense']) {
      const response = await get({ range });
      expect([200, 416], range).toContain(response.status);
      await response.arrayBuffer();
    }
  });

  it('is served by ranges only if the client’s version is current', async () => {
    const { headers } = await get({}, 'HEAD');
    const status = async (ifRange: string) => {
      const response = await get({ range: 'bytes=0-9', 'if-range': ifRange });
      await response.arrayBuffer();
      return response.status;
    };
    expect(await status(headers.get('etag')!)).toBe(206);
    expect(await status(headers.get('last-modified')!)).toBe(206);
    expect(await status('"other"')).toBe(200);
    expect(await status(new Date(0).toUTCString())).toBe(200);
  });
});

describe('memory', () => {
  const readFromStore = async () =>
    Number(/storage_bytes_total\{operation="get"\} (\d+)/.exec(await msfs.metrics())?.[1]);
  const fetched = async (imagePath: string) => (await (await msfs.get(imagePath)).arrayBuffer()).byteLength;

  it('holds a larger image once it is requested again', async () => {
    const content = Buffer.concat([jpeg, randomBytes(1_000_000)]);
    const { path: imagePath } = await msfs.upload(content, 'x.jpg');
    const before = await readFromStore();
    for (let i = 0; i < 3; i++) await fetched(imagePath);
    const after = await readFromStore();
    for (let i = 0; i < 3; i++) expect(await fetched(imagePath)).toBe(content.length);
    expect(await readFromStore()).toBe(after);
    expect(after - before).toBeGreaterThanOrEqual(content.length);
  });

  it('held by clients that do not read is bounded: other clients are served from the store', async () => {
    const content = Buffer.concat([jpeg, randomBytes(7_500_000)]);
    const { path: imagePath } = await msfs.upload(content, 'x.jpg');
    for (let i = 0; i < 2; i++) await fetched(imagePath);
    const held = async () => Number(/image_bytes_under_way (\d+)/.exec(await msfs.metrics())?.[1]);
    const before = await readFromStore();
    // 64 MiB are 8 of them; each counts until the system has accepted all of it.
    const slow = Array.from({ length: 12 }, () => {
      const { socket } = msfs.raw();
      socket.pause();
      socket.write(`GET /${imagePath} HTTP/1.1\r\nHost: x\r\n\r\n`);
      return socket;
    });
    await waitUntil(async () => (await held()) > 7 * content.length, { what: 'slow clients' });
    expect(await fetched(imagePath)).toBe(content.length);
    await waitUntil(async () => (await readFromStore()) > before, { what: 'the store being read' });
    expect(await held()).toBeLessThanOrEqual(67_108_864);
    for (const socket of slow) socket.destroy();
    await waitUntil(async () => (await held()) === 0, { what: 'nothing in flight' });
  });
});

describe('other content than images', () => {
  it.each([
    ['html called .jpg', '<!doctype html><script>alert(1)</script>', 'x.jpg'],
    ['html', '<html><body onload=alert(1)>', 'x.html'],
    ['svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'x.svg'],
    ['javascript', 'alert(1)', 'x.js'],
    ['a pdf', '%PDF-1.7\n', 'x.pdf'],
    ['a text', 'hello', 'x.txt'],
  ])('%s is only offered as a download', async (_what, content, name) => {
    const { path: imagePath } = await msfs.upload(Buffer.from(content), name);
    const response = await msfs.get(imagePath);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${path.basename(imagePath)}"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    expect(await response.text()).toBe(content);
  });

  const script = '<script>alert(1)</script>';
  it.each([
    [
      'a GIF that is a script',
      'image/gif',
      async () => [await picture(4, 4, 'gif'), `=1;alert(1);${script}`],
    ],
    [
      'no more of a GIF than a script needs',
      'image/gif',
      async () => ['GIF89a/*', `*/=1;alert(1)//${script}`],
    ],
    ['a JPEG with a page in its comment', 'image/jpeg', async () => withComment(jpeg, script)],
    ['a PNG with an archive behind it', 'image/png', async () => [await picture(4, 4, 'png'), 'PK\x03\x04']],
    [
      'a WebP with a page behind it',
      'image/webp',
      async () => [await picture(4, 4, 'webp'), `<html>${script}`],
    ],
  ] as const)('%s is served as an image only, whatever its name', async (_, type, parts) => {
    const polyglot = together(await parts());
    for (const name of ['x.js', 'x.html', 'x.svg']) {
      const { path: imagePath } = await msfs.upload(polyglot, name);
      expect(imagePath).toMatch(/\.(gif|jpg|png|webp)$/);
      const { headers } = await msfs.get(imagePath);
      expect([headers.get('content-type'), headers.get('x-content-type-options')]).toEqual([type, 'nosniff']);
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    }
  });

  it.each([
    ['a page with an image in it', async () => [`<html>${script}`, await picture(4, 4, 'gif')]],
    ['an svg behind white space', async () => ['\n\n  <svg xmlns="http://www.w3.org/2000/svg">', script]],
    ['an archive with an image in it', async () => ['PK\x03\x04', await picture(4, 4, 'png')]],
  ] as const)('%s is a download, whatever its name', async (_, parts) => {
    const polyglot = together(await parts());
    for (const name of ['x.jpg', 'x.gif', 'x.png']) {
      const { path: imagePath } = await msfs.upload(polyglot, name);
      const { headers } = await msfs.get(imagePath);
      expect(headers.get('content-type')).toBe('application/octet-stream');
      expect(headers.get('content-disposition')).toMatch(/^attachment; filename="\d+_\d+\.bin"$/);
    }
  });
});

function together(parts: ReadonlyArray<Buffer | string>): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}

/** Inserts a segment that decoders skip after the first two bytes. */
function withComment(image: Buffer, comment: string): Buffer[] {
  const head = Buffer.from([0xff, 0xfe, 0, comment.length + 2]);
  return [image.subarray(0, 2), Buffer.concat([head, Buffer.from(comment)]), image.subarray(2)];
}

it('serves the files of an old installation, whatever their names', async () => {
  const folder = path.join(msfs.folder, 'g0/000/000');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, '1468217208421049_140410609219.jpeg'), jpeg);
  await writeFile(path.join(folder, '1468217208421049_140410609220.jpeg'), '<script>alert(1)</script>');
  const image = await msfs.get('g0/000/000/1468217208421049_140410609219.jpeg');
  expect(image.headers.get('content-type')).toBe('image/jpeg');
  expect(Buffer.from(await image.arrayBuffer())).toEqual(jpeg);
  const script = await msfs.get('g0/000/000/1468217208421049_140410609220.jpeg');
  expect(script.headers.get('content-type')).toBe('application/octet-stream');
});

it('returns an uncacheable 404 for a missing file', async () => {
  const { path: imagePath } = paths.huge!;
  await msfs.get(imagePath, {}, 'HEAD');
  await rm(path.join(msfs.folder, imagePath));
  const gone = await msfs.get(imagePath);
  expect([gone.status, gone.headers.get('cache-control'), gone.headers.get('etag')]).toEqual([
    404,
    'no-store',
    null,
  ]);
  const notFound = '{"error_code":1,"error_msg":"找不到文件"}';
  expect(await gone.text()).toBe(notFound);
  for (const unknown of [
    'g0/000/000/nothing.jpg',
    'g0/000/000',
    'g0/000/000/',
    'favicon.ico',
    'g0',
    '.tmp/x',
  ]) {
    const answer = await msfs.get(unknown);
    expect([answer.status, await answer.text()], unknown).toEqual([404, notFound]);
  }
});

it.each([
  '/g0/000/000/../../../../etc/passwd',
  '/../../etc/passwd',
  '//etc/passwd',
  '/g0/000/000/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  '/g0/000/000/%252e%252e%252f%252e%252e%252fetc%252fpasswd',
  '/g0/000/000/..%2f..%2f..%2fetc%2fpasswd',
  '/g0/000/000/..%5c..%5c..%5cwindows%5cwin.ini',
  '/g0/000/000/..\\..\\..\\windows\\win.ini',
  '/g0/000/000/C:\\windows\\win.ini',
  '/g0/000/000/%00',
  '/g0/000/000/a.jpg%00.png',
  '/g0/000/000/%c0%ae%c0%ae%c0%af',
  '/g0/000/000/%',
  '/g0/000/000/%zz',
  '/.tmp/',
  'file:///etc/passwd',
  'http://other/etc/passwd',
])('returns 404 at %s', async (target) => {
  const { socket, closed } = msfs.raw();
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 'latin1');
  const answer = await closed;
  expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
  expect(answer).not.toContain('root:');
});

it('serves only GET, HEAD and uploads', async () => {
  for (const method of ['DELETE', 'PUT', 'PATCH']) {
    const response = await msfs.get(paths.small!.path, {}, method);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await response.text()).toBe('{"error_code":1,"error_msg":"不支持的请求"}');
  }
  const root = await msfs.get('');
  expect([root.status, root.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  expect((await msfs.get('', {}, 'OPTIONS')).status).toBe(204);
});
