import { ConfigError } from '@teamtalk/service-kit';
import { expect, it } from 'vitest';
import { loadConfig } from './config.js';

const needed = { CANARY_SERVERS: 'msg-server-pods:8000,[fd00::1]:8000', CANARY_PASSWORD: 'x' };

function problemsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : [String(error)];
  }
}

it('reads the addresses of msg_servers and their TLS settings', () => {
  const config = loadConfig({ ...needed, CANARY_TLS: 'true', CANARY_TLS_SERVER_NAME: 'chat.example.com' });
  expect(config).toMatchObject({
    servers: ['msg-server-pods:8000', '[fd00::1]:8000'],
    tls: { caFile: undefined, serverName: 'chat.example.com' },
    lostMs: 10_000,
  });
});

it('reports all problems', () => {
  expect(problemsOf({})).toEqual(['CANARY_SERVERS: is required', 'CANARY_PASSWORD: is required']);
  expect(problemsOf({ ...needed, CANARY_SERVERS: 'msg-server' })[0]).toContain('host:port');
  expect(problemsOf({ ...needed, CANARY_TLS_SERVER_NAME: 'x' })[0]).toContain('CANARY_TLS');
});
