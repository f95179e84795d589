import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formHead, picture } from '../testing/pictures.js';
import { TestServer } from '../testing/test-server.js';

const maxBytes = 200_000;
let msfs: TestServer;
/** Waits less long for slow clients. */
let hasty: TestServer;
let jpeg: Buffer;
beforeAll(async () => {
  const limit = { MAX_UPLOAD_BYTES: String(maxBytes) };
  msfs = await TestServer.start(limit);
  hasty = await TestServer.start({ ...limit, REQUEST_TIMEOUT_MS: '3000', IDLE_TIMEOUT_MS: '1000' });
  jpeg = await picture(64, 48);
});
afterAll(async () => {
  await msfs.stop();
  await hasty.stop();
});

const stored = (answer: { path: string }) => readFile(path.join(msfs.folder, answer.path));

describe('an upload', () => {
  it('is answered with one line of JSON, in the words of the original', async () => {
    const response = await msfs.post(jpeg);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const text = await response.text();
    const [, imagePath] =
      /^\{"error_code":0,"error_msg":"成功","path":"(g0\/\d{3}\/\d{3}\/\d+_\d+\.jpeg)","url":"[^"]+"\}$/.exec(
        text,
      )!;
    expect(JSON.parse(text).url).toBe(`${msfs.url}/${imagePath}`);
    expect(await stored({ path: imagePath! })).toEqual(jpeg);
  });

  it('by curl -F works as the API’s description says', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-curl-'));
    await writeFile(path.join(folder, 'head.jpeg'), jpeg);
    const { stdout } = await promisify(execFile)(
      'curl',
      ['-s', '-F', 'filename=@./head.jpeg', `${msfs.url}/`],
      { cwd: folder },
    );
    expect(stdout).not.toContain('\n');
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ error_code: 0, error_msg: '成功' });
    const downloaded = await promisify(execFile)('curl', ['-s', answer.url], { encoding: 'buffer' });
    expect(downloaded.stdout).toEqual(jpeg);
    await rm(folder, { recursive: true });
  });

  it.each(['/upload/', '/g0/000/000/1_2.jpg', '/a%zz?token=x', '//'])('is accepted at %s', async (target) => {
    const { socket, closed } = msfs.raw();
    const head = formHead(0);
    const begin = head.indexOf('--b');
    const body = Buffer.concat([Buffer.from(head.slice(begin)), jpeg, Buffer.from('\r\n--b--\r\n')]);
    socket.write(
      head
        .slice(0, begin)
        .replace('POST /', `POST ${target}`)
        .replace('Length: 0', `Length: ${body.length}\r\nConnection: close`),
    );
    socket.write(body);
    const answer = await closed;
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await stored(JSON.parse(answer.slice(answer.indexOf('{'))))).toEqual(jpeg);
  });

  it('may be in a field of any name, with other fields beside it', async () => {
    const form = new FormData();
    form.set('whatever', 'x');
    form.set('an image', new Blob([new Uint8Array(jpeg)]), 'a_64x48.jpg');
    const answer = await (await fetch(msfs.url, { method: 'POST', body: form })).json();
    expect(answer).toMatchObject({ error_code: 0, path: expect.stringMatching(/_64x48\.jpg$/) });
  });

  it('preserves the size in the name, and takes the extension from the content if the name is wrong', async () => {
    expect((await msfs.upload(jpeg, 'x_320x240.jpg')).path).toMatch(/\/\d+_\d+_320x240\.jpg$/);
    expect((await msfs.upload(await picture(5, 5, 'png'), 'x.jpg')).path).toMatch(/\/\d+_\d+\.png$/);
    expect((await msfs.upload(Buffer.from('<html>'), 'x_320x240.jpg')).path).toMatch(/\/\d+_\d+\.bin$/);
  });

  it('of exactly the limit is accepted, one byte more is not', async () => {
    const answer = await msfs.upload(randomBytes(maxBytes));
    expect(answer.error_code).toBe(0);
    expect((await stored(answer)).length).toBe(maxBytes);
    const before = await msfs.files();
    const response = await msfs.post(randomBytes(maxBytes + 1));
    expect(response.status).toBe(413);
    expect(await response.text()).toBe('{"error_code":1,"error_msg":"文件过大"}');
    await expect.poll(() => msfs.files()).toEqual(before);
  });

  it('that announces too large a size is refused before it is sent', async () => {
    const { socket, closed } = msfs.raw();
    socket.write(formHead(1_000_000_000));
    expect(await closed).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('with Expect: 100-continue is refused before it is sent', async () => {
    const refused = msfs.raw();
    refused.socket.write(formHead(1_000_000_000).replace('Host: x', 'Host: x\r\nExpect: 100-continue'));
    expect(await refused.closed).toMatch(/^HTTP\/1\.1 413 /);
    const taken = msfs.raw();
    const head = formHead(0);
    const begin = head.indexOf('--b');
    const body = Buffer.concat([Buffer.from(head.slice(begin)), jpeg, Buffer.from('\r\n--b--\r\n')]);
    taken.socket.write(
      head
        .slice(0, begin)
        .replace('Length: 0', `Length: ${body.length}`)
        .replace('Host: x', 'Host: x\r\nExpect: 100-continue\r\nConnection: close'),
    );
    taken.socket.once('data', () => taken.socket.write(body));
    const text = await taken.closed;
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  });

  it('that continues beyond the limit is cut off', async () => {
    const { socket, closed } = hasty.raw();
    socket.write(formHead(0).replace('Content-Length: 0', 'Transfer-Encoding: chunked').split('--b')[0]!);
    const chunk = (content: string) => `${content.length.toString(16)}\r\n${content}\r\n`;
    socket.write(chunk(`--b${formHead(0).split('--b')[1]}`));
    const piece = chunk('x'.repeat(65_536));
    let isOpen = true;
    void closed.then(() => {
      isOpen = false;
    });
    const more = () => {
      if (isOpen) socket.write(piece, () => setTimeout(more, 5));
    };
    more();
    expect(await closed).toMatch(/^(HTTP\/1\.1 4(13|08) |$)/);
    await expect.poll(() => hasty.files()).not.toContainEqual(expect.stringContaining('.tmp'));
  });

  it.each([
    ['nothing', () => msfs.post(Buffer.alloc(0)), 400, '文件为空'],
    ['no file', () => fetch(msfs.url, { method: 'POST', body: new FormData() }), 400, '没有文件'],
    ['no form', () => fetch(msfs.url, { method: 'POST', body: 'x' }), 400, '没有文件'],
    ['no body', () => fetch(msfs.url, { method: 'POST' }), 400, '没有文件'],
    [
      'a form without a boundary',
      () =>
        fetch(msfs.url, { method: 'POST', body: 'x', headers: { 'content-type': 'multipart/form-data' } }),
      400,
      '参数错误',
    ],
    [
      'a form that does not end',
      () =>
        fetch(msfs.url, {
          method: 'POST',
          body: formHead(0).slice(formHead(0).indexOf('--b')) + 'x'.repeat(5000),
          headers: { 'content-type': 'multipart/form-data; boundary=b' },
        }),
      400,
      '参数错误',
    ],
    [
      'two files',
      () => {
        const form = new FormData();
        form.append('a', new Blob(['1']), 'a');
        form.append('b', new Blob(['2']), 'b');
        return fetch(msfs.url, { method: 'POST', body: form });
      },
      400,
      '参数错误',
    ],
    [
      'a thousand fields',
      () => {
        const form = new FormData();
        for (let i = 0; i < 1_000; i++) form.append(`f${i}`, 'x');
        return fetch(msfs.url, { method: 'POST', body: form });
      },
      400,
      '参数错误',
    ],
  ])('of %s is refused', async (_what, send, status, text) => {
    const before = await msfs.files();
    const response = await send();
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toBe(`{"error_code":1,"error_msg":"${text}"}`);
    await expect.poll(() => msfs.files()).toEqual(before);
  });

  it('that stalls or trickles is closed, and leaves nothing behind', async () => {
    const before = await hasty.files();
    const standing = hasty.raw();
    standing.socket.write(`${formHead(100_000)}half`);
    const dripping = hasty.raw();
    dripping.socket.write(formHead(100_000));
    const headers = hasty.raw();
    headers.socket.write('POST / HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => {
      dripping.socket.write('x');
      headers.socket.write('X-Slow: 1\r\n');
    }, 100);
    await standing.closed;
    for (const slow of [dripping, headers]) {
      const [head, body] = (await slow.closed).split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 408 /);
      expect(head).toMatch(/\r\nConnection: close(\r\n|$)/i);
      expect(head).toMatch(/\r\nContent-Type: text\/html; charset=utf-8(\r\n|$)/i);
      expect(Buffer.from(body!, 'latin1').toString()).toBe('{"error_code":1,"error_msg":"上传超时"}');
    }
    clearInterval(drip);
    await expect.poll(() => hasty.files()).toEqual(before);
    await expect.poll(() => hasty.metrics()).toContain('uploads_in_progress 0\n');
  });

  it('that trickles is closed long before its time is over, and one address takes half of the slots', async () => {
    const server = await TestServer.start({
      MAX_UPLOADS: '4',
      IDLE_TIMEOUT_MS: '1000',
      ADDRESS_LIMIT_EXEMPT: 'none',
    });
    try {
      const slow = [server.raw(), server.raw()];
      for (const { socket } of slow) socket.write(formHead(100_000));
      const drip = setInterval(() => {
        for (const { socket } of slow) socket.write('x');
      }, 100);
      await expect.poll(() => server.metrics()).toContain('uploads_in_progress 2\n');
      expect((await server.post(jpeg)).status).toBe(503);
      expect(await server.metrics()).toContain('uploads_refused_by_address_total 1\n');
      for (const { closed } of slow) expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
      clearInterval(drip);
      expect((await server.post(jpeg)).status).toBe(200);
    } finally {
      await server.stop();
    }
  });

  it('that is not HTTP is refused in the same words', async () => {
    const { socket, closed } = msfs.raw();
    socket.write('noise\r\n\r\n');
    const [head, body] = (await closed).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(Buffer.from(body!, 'latin1').toString()).toBe('{"error_code":1,"error_msg":"参数错误"}');
    expect(await msfs.metrics()).toContain('http_refused_total{reason="400"} 1\n');
  });

  it('can be aborted a thousand times without leaving anything behind', async () => {
    const before = await msfs.files();
    for (let round = 0; round < 10; round++) {
      const halves = Array.from({ length: 100 }, async () => {
        const { socket, closed } = msfs.raw();
        socket.write(formHead(100_000));
        await new Promise<void>((resolve) => socket.write(Buffer.alloc(50_000, 1), () => resolve()));
        socket.destroy();
        await closed;
      });
      await Promise.all(halves);
    }
    await expect.poll(() => msfs.files(), { timeout: 15_000 }).toEqual(before);
    await expect.poll(() => msfs.metrics()).toContain('uploads_in_progress 0\n');
    expect((await msfs.upload(jpeg)).error_code).toBe(0);
  });

  it('that is queued on a connection that is reset is no longer counted', async () => {
    const count = 10;
    const server = await TestServer.start({ MAX_UPLOADS: String(count), IMAGE_CACHE_BYTES: '200000000' });
    const figures = () => expect.poll(() => server.metrics(), { timeout: 15_000 });
    try {
      const { path: image } = await server.upload(randomBytes(10_000_000));
      await (await server.get(image)).arrayBuffer();
      await figures().not.toContain('image_cache_bytes 0\n');
      // Two images that the client does not read, the second from memory, and a pipelined upload.
      const unread = `GET /${image} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(2);
      const sockets = Array.from({ length: count }, () => {
        const { socket } = server.raw();
        socket.pause();
        socket.write(`${unread}${formHead(100_000)}half`);
        return socket;
      });
      await figures().toContain(`uploads_in_progress ${count}\n`);
      await figures().not.toContain('image_bytes_under_way 0\n');
      expect((await server.post(jpeg)).status).toBe(503);
      for (const socket of sockets) socket.resetAndDestroy();
      await figures().toContain('uploads_in_progress 0\n');
      await figures().toContain('image_bytes_under_way 0\n');
      expect((await server.post(jpeg)).status).toBe(200);
    } finally {
      await server.stop();
    }
  });
});

describe('the URL in the answer', () => {
  const urlFor = async (host: string | undefined) => {
    const { socket, closed } = msfs.raw();
    const head = formHead(0);
    const begin = head.indexOf('--b');
    const body = `${head.slice(begin)}abc\r\n--b--\r\n`;
    socket.write(
      head
        .slice(0, begin)
        .replace('HTTP/1.1', host === undefined ? 'HTTP/1.0' : 'HTTP/1.1')
        .replace('Host: x\r\n', host === undefined ? '' : `Host: ${host}\r\nConnection: close\r\n`)
        .replace('Length: 0', `Length: ${body.length}`) + body,
    );
    return /"url":"([^"]*)\/g0/.exec(await closed)?.[1];
  };

  it('has the host the client has dialled', async () => {
    expect(await urlFor('im.example.com:8700')).toBe('http://im.example.com:8700');
    expect(await urlFor('[::1]:8700')).toBe('http://[::1]:8700');
  });

  it('has the server’s own address if that is unusable', async () => {
    expect(await urlFor(undefined)).toBe(msfs.url);
    expect(await urlFor('"><script>')).toBe(msfs.url);
    expect(await urlFor('evil/path')).toBe(msfs.url);
  });
});
