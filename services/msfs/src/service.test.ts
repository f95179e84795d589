import { Bus, Registry } from '@teamtalk/bus';
import { callByTls, tlsEnv } from '@teamtalk/local-stack';
import { createLogger, Metrics } from '@teamtalk/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';
import { picture } from './testing/pictures.js';
import { TestServer } from './testing/test-server.js';

describe('the process', () => {
  let msfs: TestServer;
  beforeAll(async () => {
    msfs = await TestServer.start();
  });
  afterAll(() => msfs.stop());

  it('is ready while NATS and the storage are available', async () => {
    const response = await fetch(`http://127.0.0.1:${msfs.service.ports.ops}/readyz`);
    expect(await response.json()).toEqual({
      ready: true,
      draining: false,
      dependencies: { nats: 'up', storage: 'up', uploads: 'up' },
    });
  });

  it('counts its responses', async () => {
    await msfs.upload(await picture(5, 5));
    await expect.poll(() => msfs.metrics()).toContain('http_requests_total{route="upload",status="200"} 1\n');
  });

  it('sends heartbeats, and deregisters when it stops', async () => {
    const { nats, service } = msfs;
    const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
    const bus = await Bus.connect({ ...nats, name: 'test', log, metrics: new Metrics('test') });
    const registry = new Registry(bus, log, 'msfs');
    await expect.poll(() => registry.get(service.instance)?.port).toBe(service.ports.http);
    await service.stop();
    await expect.poll(() => registry.get(service.instance)).toBeUndefined();
    registry.stop();
    await bus.drain();
  });
});

describe('uploads with tokens', () => {
  const first = 'the-first-token-of-all';
  const second = 'the-second-token';
  let msfs: TestServer;
  let image: Buffer;
  beforeAll(async () => {
    image = await picture(5, 5);
    msfs = await TestServer.start({
      MSFS_UPLOAD_AUTH: 'tokens',
      MSFS_UPLOAD_TOKENS: `${first}, ${second}`,
      UPLOAD_ORIGINS: 'https://chat.example.com',
      PUBLIC_URL: 'https://img.example.com/',
      MAX_UPLOADS: '1',
    });
  });
  afterAll(() => msfs.stop());

  const status = async (token: string | undefined, query = '') => {
    const form = new FormData();
    form.set('f', new Blob([new Uint8Array(image)]), 'a.jpg');
    const headers = new Headers(token === undefined ? [] : [['authorization', token]]);
    const response = await fetch(`${msfs.url}/${query}`, { method: 'POST', body: form, headers });
    return { status: response.status, text: await response.text() };
  };

  it('are accepted with a token', async () => {
    expect((await status(`Bearer ${first}`)).status).toBe(200);
    expect((await status(undefined, `?token=${second}`)).status).toBe(200);
    for (const token of [undefined, 'Bearer', 'Bearer third', `Bearer ${first}2`, `Basic ${first}`]) {
      expect(await status(token), token).toEqual({
        status: 401,
        text: '{"error_code":5,"error_msg":"未授权"}',
      });
    }
    expect((await status(undefined, '?token=third')).status).toBe(401);
  });

  it('get URLs of the public address', async () => {
    expect((await status(`Bearer ${first}`)).text).toMatch(
      /"url":"https:\/\/img\.example\.com\/g0\/\d{3}\/\d{3}\/[^/]+"/,
    );
  });

  it('are open to the configured origins only', async () => {
    const allowed = async (origin: string) => {
      const response = await fetch(msfs.url, { method: 'OPTIONS', headers: { origin } });
      expect(response.headers.get('vary')).toBe('origin');
      return response.headers.get('access-control-allow-origin');
    };
    expect(await allowed('https://chat.example.com')).toBe('https://chat.example.com');
    expect(await allowed('https://other.example.com')).toBeNull();
  });

  it('are refused when too many are in progress', async () => {
    const { socket, closed } = msfs.raw();
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ' +
        `${first}\r\nContent-Length: 1000\r\n` +
        'Content-Type: multipart/form-data; boundary=b\r\n\r\n--b',
    );
    await expect.poll(() => msfs.metrics()).toContain('uploads_in_progress 1\n');
    expect(await status(`Bearer ${first}`)).toEqual({
      status: 503,
      text: '{"error_code":9,"error_msg":"服务器繁忙"}',
    });
    socket.destroy();
    await closed;
    await expect.poll(async () => (await status(`Bearer ${first}`)).status).toBe(200);
  });

  it('need a token to be configured', () => {
    expect(() => loadConfig({ MSFS_UPLOAD_AUTH: 'tokens' })).toThrow(
      'MSFS_UPLOAD_TOKENS: is required with MSFS_UPLOAD_AUTH=tokens',
    );
    expect(() => loadConfig({ MSFS_UPLOAD_TOKENS: `${first},short` })).toThrow(
      'MSFS_UPLOAD_TOKENS: every one needs at least 16 characters',
    );
  });

  it('are open to everybody only where that is written down, and never in production', () => {
    expect(loadConfig({}).uploadAuth).toBe('addresses');
    expect(() => loadConfig({ MSFS_UPLOAD_AUTH: 'open', NODE_ENV: 'production' })).toThrow(
      'MSFS_UPLOAD_AUTH: open is refused with NODE_ENV=production',
    );
  });
});

it('serves HTTPS if it has a certificate, and returns https URLs for uploads', async () => {
  const secure = await TestServer.start(tlsEnv);
  try {
    const port = secure.service.ports.http!;
    const body =
      '--b\r\nContent-Disposition: form-data; name="filename"; filename="head.jpeg"\r\n\r\nabc\r\n--b--\r\n';
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const { status, text } = await callByTls(port, '/', { headers, body });
    expect([status, text]).toEqual([200, expect.stringContaining(`"url":"https://localhost:${port}/g0/`)]);
    const { path } = JSON.parse(text) as { path: string };
    expect(await callByTls(port, `/${path}`)).toEqual({ status: 200, text: 'abc' });
    await expect(fetch(secure.url)).rejects.toThrow();
  } finally {
    await secure.stop();
  }
});
