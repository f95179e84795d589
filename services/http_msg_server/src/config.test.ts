import { ConfigError } from '@teamtalk/service-kit';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';

describe('loadConfig', () => {
  it('serves this machine only without a key, on the port callers know, with the historic text key', () => {
    const config = loadConfig({});
    expect(config.listen.port).toBe(8400);
    expect(config.ops.port).toBe(18400);
    expect(config.appKeys).toEqual([]);
    const keyless = config.keyless as Exclude<typeof config.keyless, string>;
    expect(['127.0.0.1', '::1', '10.0.0.1'].map((address) => keyless.includes(address))).toEqual([
      true,
      true,
      false,
    ]);
    expect(config.textKey).toBe('12345678901234567890123456789012');
  });

  it('takes keys and proxies separated by commas', () => {
    const [one, two] = ['a'.repeat(16), 'b'.repeat(40)];
    const env = { HTTP_AUTH: 'keys', APP_KEYS: ` ${one}, ${two},,`, TRUSTED_PROXIES: '10.0.0.0/8, ::1' };
    const { trustedProxies, ...config } = loadConfig(env);
    expect(config).toMatchObject({ keyless: 'none', appKeys: [one, two] });
    const proxies = ['10.1.2.3', '::ffff:10.1.2.3', '::1', '11.0.0.1', '::2'];
    expect(proxies.map((address) => trustedProxies.includes(address))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('is open only where that is written down, and never in production', () => {
    expect(loadConfig({ HTTP_AUTH: 'open' }).keyless).toBe('all');
    expect(() => loadConfig({ HTTP_AUTH: 'open', NODE_ENV: 'production' })).toThrow(
      /HTTP_AUTH: open is refused with NODE_ENV=production/,
    );
  });

  it('rejects a key that is short enough to be guessed, without repeating it', () => {
    const load = () => loadConfig({ APP_KEYS: `${'a'.repeat(16)},fifteen-letters` });
    expect(load).toThrow(/APP_KEYS: every one needs at least 16 characters/);
    expect(load).not.toThrow(/fifteen/);
  });

  it('rejects a proxy that is not an address', () => {
    expect(() => loadConfig({ TRUSTED_PROXIES: 'ingress' })).toThrow(ConfigError);
  });

  it('names every invalid variable', () => {
    const load = () => loadConfig({ TEXT_KEY: 'short', HTTP_PORT: '-1', HTTP_AUTH: 'maybe' });
    expect(load).toThrow(/HTTP_PORT: .*\n.*HTTP_AUTH: .*\n.*TEXT_KEY: must be 32 bytes/);
  });
});
