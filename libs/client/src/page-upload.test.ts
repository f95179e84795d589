import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { uploadImage } from './page-upload.js';

const image = Buffer.from('an image');

let server: Server;
let url: string;
let serve: RequestListener;
beforeEach(async () => {
  server = createServer((request, response) => serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it('sends bytes or a blob as a form, with its name and token', async () => {
  const requests: string[] = [];
  serve = (request, response) => {
    void text(request).then((body) => {
      requests.push(`${request.headers.authorization} ${body}`);
      response.end(JSON.stringify({ error_code: 0, path: 'g0/1.jpg', url: 'http://x/g0/1.jpg' }));
    });
  };
  const uploaded = await uploadImage(url, image, { name: 'a_3x2.jpg', token: 'secret' });
  expect(uploaded).toEqual({
    url: 'http://x/g0/1.jpg',
    path: 'g0/1.jpg',
    text: '&$#@~^@[{:http://x/g0/1.jpg:}]&$~@#@',
  });
  await uploadImage(url, new Blob([image]));
  expect(requests[0]).toMatch(/^Bearer secret [\s\S]*filename="a_3x2\.jpg"[\s\S]*an image/);
  expect(requests[1]).toMatch(/^undefined [\s\S]*an image/);
});

it('reports why it failed', async () => {
  serve = (request, response) => {
    request
      .resume()
      .once('end', () => response.end(JSON.stringify({ error_code: 1, error_msg: 'too large' })));
  };
  await expect(uploadImage(url, image)).rejects.toMatchObject({
    code: 'upload-refused',
    message: expect.stringContaining('too large'),
  });
  serve = () => {};
  await expect(uploadImage(url, image, { deadlineMs: 50 })).rejects.toMatchObject({
    code: 'deadline-exceeded',
  });
  await expect(uploadImage('http://127.0.0.1:1/', image)).rejects.toMatchObject({ code: 'unreachable' });
});
