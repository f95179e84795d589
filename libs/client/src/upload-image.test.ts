import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { uploadImage } from './upload-image.js';

const content = Buffer.alloc(300_000, 'image');
const answer = { error_code: 0, error_msg: '成功', path: 'g0/1.jpg', url: 'http://x/g0/1.jpg' };

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-upload-'));
  file = path.join(folder, 'x_3x2.jpg');
  await writeFile(file, content);
});
afterAll(() => rm(folder, { recursive: true }));

let server: Server;
let url: string;
let serve: (request: IncomingMessage, response: ServerResponse) => void;
beforeEach(async () => {
  server = createServer((request, response) => serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('an upload', () => {
  it.each(['file', 'bytes'] as const)(
    'sends %s as a form, reports progress, and returns the text',
    async (kind) => {
      let received: Promise<string> | undefined;
      let headers: IncomingMessage['headers'] = {};
      serve = (request, response) => {
        headers = request.headers;
        received = text(request);
        received.then(() => response.end(JSON.stringify(answer)));
      };
      const progress: number[] = [];
      const uploaded = await uploadImage(url, kind === 'file' ? file : content, {
        token: 'secret',
        ...(kind === 'bytes' && { name: 'a"b\r\n.jpg' }),
        onProgress: (sent, total) => {
          expect(total).toBe(content.length);
          progress.push(sent);
        },
      });
      expect(uploaded).toEqual({
        url: answer.url,
        path: answer.path,
        text: `&$#@~^@[{:${answer.url}:}]&$~@#@`,
      });
      const body = await received!;
      const name = kind === 'file' ? 'x_3x2.jpg' : 'a%22b%0D%0A.jpg';
      expect(body).toContain(`Content-Disposition: form-data; name="filename"; filename="${name}"\r\n`);
      expect(body).toContain(`\r\n\r\n${content.toString()}\r\n--`);
      expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body));
      expect(headers.authorization).toBe('Bearer secret');
      expect(progress.length).toBeGreaterThan(2);
      expect(progress.at(-1)).toBe(content.length);
    },
  );

  it('finds msfs through a login_server', async () => {
    serve = (request, response) => {
      if (request.url === '/msg_server') {
        response.end(JSON.stringify({ code: 0, msfsPrior: `${url}/` }));
      } else {
        request.resume().once('end', () => response.end(JSON.stringify(answer)));
      }
    };
    expect((await uploadImage({ loginServer: url }, file)).url).toBe(answer.url);
    serve = (_request, response) => response.end('{"code":0}');
    await expect(uploadImage({ loginServer: url }, file)).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('reports why it was refused, also before it was sent', async () => {
    serve = (_request, response) => {
      response.writeHead(413, { connection: 'close' });
      response.end('{"error_code":1,"error_msg":"文件过大"}');
    };
    await expect(uploadImage(url, file)).rejects.toMatchObject({
      code: 'upload-refused',
      message: 'upload refused: 文件过大 (1)',
    });
    serve = (request, response) => {
      request.resume().once('end', () => response.writeHead(502).end('<html>'));
    };
    await expect(uploadImage(url, file)).rejects.toMatchObject({
      code: 'upload-refused',
      message: 'msfs answered 502 without JSON',
    });
  });

  it('fails without a server, a response or a file', async () => {
    serve = () => {};
    await expect(uploadImage(url, file, { deadlineMs: 200 })).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
    await expect(uploadImage(url, path.join(folder, 'nothing'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(uploadImage(url, folder)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(uploadImage('http://127.0.0.1:1', file)).rejects.toMatchObject({ code: 'unreachable' });
  });
});
