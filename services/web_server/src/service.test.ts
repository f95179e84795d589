import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { callByTls, tlsEnv } from '@teamtalk/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workerPolicy } from './security-headers.js';
import { page, script, TestServer } from './testing/test-server.js';

let web: TestServer;
beforeAll(async () => {
  web = await TestServer.start({
    WEB_SOCKET_URLS: 'wss://chat.example.com/, wss://chat-2.example.com:9090/ws',
    FILE_SERVER_URL: 'wss://files.example.com/{host}/{port}',
    MSFS_URL: 'https://images.example.com',
    IMAGE_ORIGINS: 'https://old.example.com',
    TEXT_KEY: 'a key of thirty-two bytes or so.',
  });
});
afterAll(() => web.stop());

interface RawResponse {
  status: number | undefined;
  encoding: string | undefined;
  body: Buffer;
}

/** Gets the raw body, which fetch would decompress, with no other headers than these. */
function raw(pathname: string, headers: Record<string, string>): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    request(`${web.url}${pathname}`, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({
          status: response.statusCode,
          encoding: response.headers['content-encoding'],
          body: Buffer.concat(chunks),
        });
      });
    })
      .on('error', reject)
      .end();
  });
}

describe('the page', () => {
  it('is revalidated every time', async () => {
    const response = await web.get('/');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.text()).toBe(page);
    const etag = response.headers.get('etag') ?? '';
    expect((await raw('/', { 'if-none-match': etag })).status).toBe(304);
  });

  it('lets files with a hash in their name be cached', async () => {
    const response = await web.get('/assets/a-1.js');
    expect(response.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(await response.text()).toBe(script);
  });

  it('is compressed with what the browser accepts', async () => {
    const brotli = await raw('/assets/a-1.js', { 'accept-encoding': 'gzip, br' });
    expect(brotli.encoding).toBe('br');
    expect(brotliDecompressSync(brotli.body).toString()).toBe(script);
    const gzip = await raw('/assets/a-1.js', { 'accept-encoding': 'gzip' });
    expect(gzip.encoding).toBe('gzip');
    expect(gunzipSync(gzip.body).toString()).toBe(script);
    const plain = await raw('/assets/a-1.js', { 'accept-encoding': 'identity' });
    expect(plain.encoding).toBeUndefined();
    expect(plain.body.toString()).toBe(script);
    expect((await web.get('/assets/a-1.js')).headers.get('vary')).toMatch(/accept-encoding/i);
  });

  it('runs only its own files, and connects only to configured servers', async () => {
    const { headers } = await web.get('/');
    const policy = new Map(
      (headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
        const [name = '', ...sources] = directive.split(' ');
        return [name, sources.join(' ')];
      }),
    );
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' blob: https://images.example.com https://old.example.com",
      'media-src': 'blob:',
      'connect-src':
        "'self' wss://chat.example.com wss://chat-2.example.com:9090 https://images.example.com wss://files.example.com",
      'worker-src': "'none'",
      'manifest-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'",
      'trusted-types': "'none'",
    });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  });
});

it('serves the addresses of the other servers', async () => {
  const response = await web.get('/config.json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual({
    webSocketUrls: ['wss://chat.example.com/', 'wss://chat-2.example.com:9090/ws'],
    fileServerUrl: 'wss://files.example.com/{host}/{port}',
    msfsUrl: 'https://images.example.com/',
    imageOrigins: ['https://images.example.com', 'https://old.example.com'],
    textKey: 'a key of thirty-two bytes or so.',
  });
});

describe('a range', () => {
  it.each(['bytes=0-1', 'bytes=9-1', 'bytes=9000-', 'bytes=-9000', 'bytes=x', 'x'])(
    '%s is ignored',
    async (range) => {
      const { status, body } = await raw('/assets/a-1.js', { range });
      expect([status, body.toString()]).toEqual([200, script]);
    },
  );
});

describe('anything else', () => {
  it.each([
    '/nothing',
    '/assets/',
    '/../package.json',
    '/%2e%2e/package.json',
    '/assets/..%2f..%2fpackage.json',
    '/.env',
  ])('%s is not found', async (pathname) => {
    const response = await web.get(pathname);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).toBe('not found\n');
  });

  it('is malformed', async () => {
    expect((await web.get('/%')).status).toBe(400);
  });

  it('is not allowed', async () => {
    const response = await web.get('/', { method: 'POST', body: 'x' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });
});

it('counts responses, and is ready while NATS is connected', async () => {
  await web.get('/config.json');
  await expect.poll(() => web.metrics()).toMatch(/http_requests_total\{route="config",status="200"\} \d/);
  const ready = await fetch(`http://127.0.0.1:${web.service.ports.ops}/readyz`);
  expect(await ready.json()).toMatchObject({ ready: true, dependencies: { nats: 'up' } });
});

it('serves HTTPS if it has a certificate', async () => {
  const secure = await TestServer.start(tlsEnv);
  try {
    expect(await callByTls(secure.service.ports.http!, '/config.json')).toMatchObject({ status: 200 });
  } finally {
    await secure.stop();
  }
});

describe('with a key of Web Push', () => {
  const pushKey = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 7)]).toString('base64url');

  it('has a service worker, the only script whose address may be a string', async () => {
    const pushing = await TestServer.start({ WEBPUSH_KEY_PUBLIC: pushKey });
    try {
      expect(await (await pushing.get('/config.json')).json()).toMatchObject({ pushKey });
      const policy = (await pushing.get('/')).headers.get('content-security-policy');
      expect(policy).toContain("; worker-src 'self';");
      expect(policy).toContain("; require-trusted-types-for 'script'; trusted-types service-worker");
      const worker = await pushing.get('/sw.js');
      expect(worker.headers.get('content-type')).toMatch(/^text\/javascript/);
      expect(worker.headers.get('cache-control')).toBe('no-cache');
      expect(worker.headers.get('content-security-policy')).toBe(workerPolicy);
    } finally {
      await pushing.stop();
    }
  });
});

it('tells browsers that came by TLS of a proxy to keep to it', async () => {
  const secure = await TestServer.start({ TRUSTED_PROXIES: '127.0.0.1' });
  try {
    const told = async (headers: Record<string, string>) =>
      (await secure.get('/', { headers })).headers.get('strict-transport-security');
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'chat.example.com' };
    expect(await told(forwarded)).toBe('max-age=31536000');
    expect(await told({ ...forwarded, 'x-forwarded-proto': 'http' })).toBeNull();
  } finally {
    await secure.stop();
  }
});

it('allows connections to any host that file_servers advertise if the URL has placeholders', async () => {
  const named = await TestServer.start({ FILE_SERVER_URL: 'ws://{host}:9600/' });
  try {
    expect((await named.get('/')).headers.get('content-security-policy')).toContain(' ws://*:9600;');
  } finally {
    await named.stop();
  }
});
