import { ConfigError } from '@teamtalk/service-kit';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';

describe('loadConfig', () => {
  it('defaults to the ports clients know', () => {
    const config = loadConfig({});
    expect(config.http.port).toBe(8080);
    expect(config.tcp.port).toBe(8008);
    expect(config.ops.port).toBe(18080);
    expect(config.urls).toEqual({
      msfsPrior: 'http://127.0.0.1:8700/',
      msfsBackup: 'http://127.0.0.1:8700/',
      discovery: '',
      baseUrl: undefined,
    });
  });

  it('adds a trailing slash to the URLs of msfs', () => {
    const { urls } = loadConfig({ MSFS_PRIOR_URL: 'http://a:1', MSFS_BACKUP_URL: 'http://b:2/' });
    expect(urls).toMatchObject({ msfsPrior: 'http://a:1/', msfsBackup: 'http://b:2/' });
  });

  it('reports every invalid variable', () => {
    const load = () => loadConfig({ HTTP_PORT: '70000', TCP_PORT: 'x', MSFS_PRIOR_URL: 'files' });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/HTTP_PORT: .*\n.*TCP_PORT: .*\n.*MSFS_PRIOR_URL: /);
  });
});
