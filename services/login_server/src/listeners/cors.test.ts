import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config.js';
import { TestServer } from '../testing/test-server.js';

const chat = 'https://chat.example.com';

let server: TestServer;
afterEach(() => server.stop());

async function ask(origin: string, method = 'GET', path = '/msg_server') {
  const response = await fetch(`${server.http}${path}`, { method, headers: { origin } });
  const { status, headers } = response;
  return { status, allowed: headers.get('access-control-allow-origin'), vary: headers.get('vary') };
}

describe('CORS', () => {
  it('is off by default', async () => {
    server = await TestServer.start();
    expect(await ask(chat)).toEqual({ status: 200, allowed: null, vary: null });
    expect(await ask(chat, 'OPTIONS')).toEqual({ status: 405, allowed: null, vary: null });
  });

  it('lets pages of the configured origins read responses', async () => {
    server = await TestServer.start({ CORS_ORIGINS: `${chat}, http://127.0.0.1:8888` });
    for (const path of ['/msg_server', '/status']) {
      expect(await ask(chat, 'GET', path)).toEqual({ status: 200, allowed: chat, vary: 'origin' });
    }
    expect(await ask('http://127.0.0.1:8888')).toMatchObject({ allowed: 'http://127.0.0.1:8888' });
    expect(await ask('https://other.example.com')).toEqual({ status: 200, allowed: null, vary: 'origin' });
    expect(await ask(chat, 'GET', '/nothing')).toEqual({ status: 404, allowed: chat, vary: 'origin' });
    expect(await ask(chat, 'POST')).toEqual({ status: 405, allowed: chat, vary: 'origin' });
  });

  it('responds to preflight requests of these pages', async () => {
    server = await TestServer.start({ CORS_ORIGINS: chat });
    const headers = { origin: chat, 'access-control-request-method': 'GET' };
    const response = await fetch(`${server.http}/msg_server`, { method: 'OPTIONS', headers });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': chat,
      'access-control-allow-methods': 'GET',
      'access-control-max-age': '86400',
      vary: 'origin',
    });
    expect(await ask('https://other.example.com', 'OPTIONS')).toMatchObject({ status: 405, allowed: null });
    expect(await server.metrics()).toContain('http_requests_total{route="/msg_server",status="204"} 1\n');
  });

  it('lets any page read them if configured as *', async () => {
    server = await TestServer.start({ CORS_ORIGINS: '*' });
    expect(await ask('https://whoever.example.com')).toEqual({ status: 200, allowed: '*', vary: null });
    expect(await ask('https://whoever.example.com', 'OPTIONS')).toMatchObject({ status: 204, allowed: '*' });
    expect(() => loadConfig({ CORS_ORIGINS: `${chat}/` })).toThrow(/CORS_ORIGINS: .* is not an origin/);
  });
});
