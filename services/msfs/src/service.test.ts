import { connect } from 'node:net';
import { Bus, Registry } from '@teamtalk/bus';
import { createLogger, Metrics, type Service } from '@teamtalk/service-kit';
import { type TestNats, testNats } from '@teamtalk/testkit/infrastructure';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';
import { startMsfs } from './service.js';

let nats: TestNats;
let service: Service;
let url: string;
beforeEach(async () => {
  nats = await testNats();
  service = await startMsfs(
    loadConfig({
      LOG_LEVEL: 'silent',
      NATS_URL: nats.url,
      NATS_PREFIX: nats.prefix,
      OPS_PORT: '0',
      HTTP_PORT: '0',
      MAX_UPLOAD_BYTES: '100000',
      REQUEST_TIMEOUT_MS: '1000',
    }),
  );
  url = `http://127.0.0.1:${service.ports.http}`;
});
afterEach(() => service.stop());

const metrics = async () => (await fetch(`http://127.0.0.1:${service.ports.ops}/metrics`)).text();

describe('an upload', () => {
  const upload = (bytes: number) => {
    const form = new FormData();
    form.set('filename', new Blob([Buffer.alloc(bytes, 1)]), 'head.jpeg');
    return fetch(url, { method: 'POST', body: form });
  };

  it('is refused in one line of JSON', async () => {
    const response = await upload(50_000);
    expect(response.status).toBe(501);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.text()).toBe('{"error_code":5,"error_msg":"暂不支持上传"}');
    expect(await metrics()).toContain('http_requests_total{route="upload",status="501"} 1\n');
  });

  it('above the limit is not read to its end', async () => {
    const socket = connect(service.ports.http!, '127.0.0.1');
    // The server cuts the connection while we still promise more.
    socket.on('error', () => {});
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n');
    socket.write(Buffer.alloc(100_001));
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    expect(received).toMatch(/^HTTP\/1\.1 413 /);
    expect(received).toMatch(/\{"error_code":1,"error_msg":"文件过大"\}$/);
  });

  it('that breaks off is counted', async () => {
    const socket = connect(service.ports.http!, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf', () => socket.destroy());
    await expect.poll(metrics).toContain('http_broken_total 1\n');
    expect((await upload(1)).status).toBe(501);
  });

  it('that never ends is closed', async () => {
    const socket = connect(service.ports.http!, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf');
    socket.resume();
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await expect.poll(metrics).toContain('http_broken_total 1\n');
  });
});

it('has no image and nothing else', async () => {
  const status = async (path: string, method: string) => (await fetch(url + path, { method })).status;
  expect(await status('/g0/000/000/1468217208421049_140410609219.jpeg', 'GET')).toBe(404);
  expect(await status('/g0/000/000/x.jpeg_100x100.jpg', 'HEAD')).toBe(404);
  expect(await status('/g0/000/000/x.jpeg', 'DELETE')).toBe(405);
  expect(await status('/', 'GET')).toBe(405);
  expect(await status('/other', 'GET')).toBe(404);
});

describe('the process', () => {
  it('is ready while NATS is there', async () => {
    const response = await fetch(`http://127.0.0.1:${service.ports.ops}/readyz`);
    expect(await response.json()).toEqual({ ready: true, draining: false, dependencies: { nats: 'up' } });
  });

  it('announces itself, and is gone when it stops', async () => {
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
