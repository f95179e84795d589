import { ConfigError, describeEnv } from '@teamtalk/service-kit';
import { describe, expect, it } from 'vitest';
import { envSchema, loadConfig } from './config.js';

describe('configuration', () => {
  it('has the defaults of the protocol', () => {
    expect(loadConfig({})).toMatchObject({
      ops: { port: 18000 },
      listen: { host: '0.0.0.0', port: 8000 },
      webSocket: { port: 9090 },
      tls: undefined,
      proxies: { client: undefined, webSocket: undefined },
      advertise: { ip1: '127.0.0.1', ip2: '127.0.0.1', port: 0 },
      limits: { connections: 20_000, pduBytes: 1_048_576, messageBytes: 393_216, history: 10_000 },
      timeouts: { loginMs: 15_000, idlePcMs: 120_000, idleMobileMs: 300_000 },
      rate: { perSecond: 20, burst: 40 },
      loginRate: { perSecond: 1000, burst: 1000 },
      presenceBroadcast: 'all',
      pushNoticeAsText: { pc: false, mobile: false },
    });
  });

  it('defaults the second address to the first', () => {
    expect(loadConfig({ ADVERTISE_IP1: '10.0.0.1' }).advertise.ip2).toBe('10.0.0.1');
    expect(loadConfig({ ADVERTISE_IP1: '10.0.0.1', ADVERTISE_IP2: '10.0.0.2' }).advertise.ip2).toBe(
      '10.0.0.2',
    );
  });

  it('requires a certificate and its key, or neither', () => {
    const files = { TLS_CERT_FILE: '/c.pem', TLS_KEY_FILE: '/k.pem' };
    expect(loadConfig(files).tls).toMatchObject({ certFile: '/c.pem', client: true, webSocket: true });
    expect(loadConfig({ ...files, TLS_PORTS: 'ws' }).tls).toMatchObject({ client: false, webSocket: true });
    expect(() => loadConfig({ TLS_CERT_FILE: '/c.pem' })).toThrow(/TLS_KEY_FILE: is required/);
    expect(() => loadConfig({ TLS_KEY_FILE: '/k.pem' })).toThrow(/TLS_CERT_FILE: is required/);
  });

  it('reads the origins of pages for WebSocket, and refuses invalid ones', () => {
    const originsOf = (text?: string) => loadConfig({ WS_ORIGINS: text }).webSocket?.origins;
    expect(originsOf()?.allows(undefined)).toBe(true);
    expect(originsOf('*')?.allows('https://any.example.com')).toBe(true);
    expect(originsOf('https://chat.example.com')?.allows('https://any.example.com')).toBe(false);
    expect(() => originsOf('https://chat.example.com/')).toThrow(/WS_ORIGINS: .* is not an origin/);
  });

  it('requires a shutdown longer than the drain of clients', () => {
    const spread = { DRAIN_SPREAD_MS: '20000' };
    expect(loadConfig({ ...spread, SHUTDOWN_SECONDS: '23' }).timeouts.drainSpreadMs).toBe(20_000);
    expect(() => loadConfig({ ...spread, SHUTDOWN_SECONDS: '22' })).toThrow(
      /SHUTDOWN_SECONDS: must be at least 23/,
    );
  });

  it('names every invalid variable at once', () => {
    const load = () => loadConfig({ CLIENT_PORT: 'x', MAX_CONNECTIONS: '0', PRESENCE_BROADCAST: 'some' });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/CLIENT_PORT.*MAX_CONNECTIONS.*PRESENCE_BROADCAST/s);
  });

  it('describes every variable', () => {
    for (const { name, description } of describeEnv(envSchema)) expect(description, name).not.toBe('');
  });
});
