import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { callByTls, NatsServer, tlsEnv } from '@teamtalk/local-stack';
import { Commands, encodePdu } from '@teamtalk/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { converse } from '../testing/tcp-client.js';
import { TestServer } from '../testing/test-server.js';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

/** Sends raw bytes and returns everything received until the server closes. */
const raw = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(server.service.ports.http!, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });

describe('HTTP', () => {
  it('answers 404 for unknown paths and 405 for other methods', async () => {
    expect((await fetch(`${server.http}/nothing`)).status).toBe(404);
    expect((await fetch(`${server.http}/msg_server/x`)).status).toBe(404);
    const post = await fetch(`${server.http}/msg_server`, { method: 'POST', body: 'x' });
    expect(post.status).toBe(405);
    expect(post.headers.get('allow')).toBe('GET, HEAD');
    const text = await server.metrics();
    expect(text).toContain('http_requests_total{route="unknown",status="404"} 2\n');
    expect(text).toContain('http_requests_total{route="/msg_server",status="405"} 1\n');
  });

  it('accepts a query string, and HEAD', async () => {
    expect((await fetch(`${server.http}/msg_server?x=1`)).status).toBe(200);
    const head = await fetch(`${server.http}/status`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
  });

  it('supports keep-alive', async () => {
    const answer = await raw(
      'GET /status HTTP/1.1\r\nHost: x\r\n\r\nGET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  it('refuses headers above 8 KiB', async () => {
    expect(await raw(`GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await server.metrics()).toContain('http_refused_total{reason="431"} 1\n');
  });

  it('refuses non-HTTP bytes', async () => {
    expect(await raw('\0\0\0\x10 noise\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await server.metrics()).toContain('http_refused_total{reason="400"} 1\n');
  });

  it('closes a connection that sends nothing, or never completes its request', async () => {
    await server.stop();
    server = await TestServer.start({ REQUEST_TIMEOUT_MS: '200' });
    expect(await raw('')).toMatch(/^HTTP\/1\.1 408 /);
    expect(await raw('GET /msg_server HT')).toMatch(/^HTTP\/1\.1 408 /);
    expect(await server.metrics()).toMatch(/http_refused_total\{reason="408"\} 2\n/);
  });
});

describe('the process', () => {
  it('is ready while NATS is up', async () => {
    const response = await fetch(`http://127.0.0.1:${server.service.ports.ops}/readyz`);
    expect(await response.json()).toEqual({ ready: true, draining: false, dependencies: { nats: 'up' } });
  });

  it('is not ready without NATS, but remembers its msg_servers', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'login-server-'));
    const nats = await NatsServer.start({ dir, port: 0, logFile: path.join(dir, 'log') });
    const cut = await TestServer.start({}, { url: nats.url, prefix: 'test' });
    try {
      cut.announce(1, {});
      const code = async () =>
        ((await (await fetch(`${cut.http}/msg_server`)).json()) as { code: number }).code;
      await expect.poll(code).toBe(0);
      await nats.stop();
      const ready = async () => (await fetch(`http://127.0.0.1:${cut.service.ports.ops}/readyz`)).status;
      await expect.poll(ready).toBe(503);
      expect(await code()).toBe(0);
    } finally {
      await cut.stop();
      await nats.stop();
      await rm(dir, { recursive: true });
    }
  });

  it('stops at once despite keep-alive connections', async () => {
    const idle = await TestServer.start();
    const kept = connect(idle.service.ports.http!, '127.0.0.1');
    kept.write('GET /status HTTP/1.1\r\nHost: x\r\n\r\n');
    const silent = connect(idle.service.ports.http!, '127.0.0.1');
    const ends = [kept, silent].map(
      (socket) => new Promise<void>((resolve) => socket.on('close', () => resolve())),
    );
    await new Promise((resolve) => kept.once('data', resolve));
    const begin = performance.now();
    await idle.stop();
    await Promise.all(ends);
    expect(performance.now() - begin).toBeLessThan(3_000);
  });
});

it('with a certificate HTTP_PORT serves HTTPS, and TCP_PORT stays plain', async () => {
  const secure = await TestServer.start(tlsEnv);
  try {
    const { http, tcp } = secure.service.ports;
    expect(await callByTls(http!, '/msg_server')).toMatchObject({ status: 200 });
    await expect(fetch(`${secure.http}/msg_server`)).rejects.toThrow();
    await expect.poll(() => secure.metrics()).toContain('login_server_tls_handshakes_failed_total 1\n');
    expect(await secure.metrics()).toMatch(/login_server_tls_certificate_expires_seconds \d+/);
    const pdus = await converse(tcp!, encodePdu(Commands.LoginReqMsgserver, {}, 9));
    expect(pdus.map(({ commandId }) => commandId)).toEqual([0x0102]);
  } finally {
    await secure.stop();
  }
});
