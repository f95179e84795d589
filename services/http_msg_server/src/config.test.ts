import { ConfigError } from '@teamtalk/service-kit';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';

describe('loadConfig', () => {
  it('is open, on the port callers know, with the historic text key', () => {
    const config = loadConfig({});
    expect(config.listen.port).toBe(8400);
    expect(config.ops.port).toBe(18400);
    expect(config).toMatchObject({ open: true, appKeys: [] });
    expect(config.textKey).toBe('12345678901234567890123456789012');
  });

  it('takes keys and proxies separated by commas', () => {
    const env = { HTTP_AUTH: 'keys', APP_KEYS: ' a, b,,', TRUSTED_PROXIES: '10.0.0.0/8, ::1' };
    const { trustedProxies, ...config } = loadConfig(env);
    expect(config).toMatchObject({ open: false, appKeys: ['a', 'b'] });
    const proxies = ['10.1.2.3', '::ffff:10.1.2.3', '::1', '11.0.0.1', '::2'];
    expect(proxies.map((address) => trustedProxies.includes(address))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('rejects a proxy that is not an address', () => {
    expect(() => loadConfig({ TRUSTED_PROXIES: 'ingress' })).toThrow(ConfigError);
  });

  it('names every invalid variable', () => {
    const load = () => loadConfig({ TEXT_KEY: 'short', HTTP_PORT: '-1', HTTP_AUTH: 'maybe' });
    expect(load).toThrow(/HTTP_PORT: .*\n.*HTTP_AUTH: .*\n.*TEXT_KEY: must be 32 bytes/);
  });
});
