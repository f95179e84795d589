import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { ConfigError } from '@teamtalk/service-kit';
import { expect, test } from 'vitest';
import { loadConfig } from './config.js';

const DATABASE_URL = 'postgres://someone@db.example:5432/chat';

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('only the database is required', () => {
  const config = loadConfig({ DATABASE_URL });
  expect(config).toMatchObject({
    grpc: { host: '0.0.0.0', port: 10600 },
    ops: { port: 20600 },
    advertiseAddress: undefined,
    database: { url: DATABASE_URL, poolSize: 10 },
    commitPartitions: 1,
    commitSpacingMs: 2,
    argon2: { memoryKib: 19_456, iterations: 2 },
    loginLimit: { maxFailures: 10, maxNamesPerNetwork: 100, windowSeconds: 1_800 },
    sourceNetworkMemoryDays: 90,
    groupMaxMembers: 2_000,
  });
  expect(createTextCodec(DEFAULT_TEXT_KEY).decrypt(config.audioPreview)).toBe('[语音]');
});

test('all errors are reported at once', () => {
  expect(
    problemsOf({
      DATABASE_POOL: '1',
      ADVERTISE_ADDRESS: 'somewhere',
      TEXT_KEY: 'short',
      COMMIT_LANES: 'many',
    }).map((problem) => problem.split(':')[0]),
  ).toEqual(
    expect.arrayContaining([
      'DATABASE_URL',
      'DATABASE_POOL',
      'ADVERTISE_ADDRESS',
      'TEXT_KEY',
      'COMMIT_LANES',
    ]),
  );
  expect(problemsOf({})).toEqual(['DATABASE_URL: is required']);
  expect(problemsOf({ DATABASE_URL: 'mysql://localhost/x' })[0]).toContain('postgres://');
  expect(problemsOf({ DATABASE_URL: 'nonsense' })[0]).toContain('postgres://');
});

test('HISTORY_DATABASE_URL accepts standbys and rejects URLs that look for a primary', () => {
  const history = (url: string) => ({ DATABASE_URL, HISTORY_DATABASE_URL: url });
  const url = 'postgres://someone@ro.example:5432/chat';
  expect(loadConfig(history(url)).historyDatabase).toEqual({ url, poolSize: 10 });
  expect(loadConfig({ DATABASE_URL }).historyDatabase).toBeUndefined();
  expect(problemsOf(history('postgres://h1,h2/chat?target_session_attrs=any'))).toEqual([]);
  for (const wrong of ['postgres://h1,h2/chat', `${url}?target_session_attrs=primary`]) {
    expect(problemsOf(history(wrong))[0], wrong).toContain('target_session_attrs=any');
  }
  expect(problemsOf(history('nonsense'))[0]).toContain('postgres://');
});

test('accepts both URL schemes, and IPv4 and IPv6 addresses', () => {
  const url = 'postgresql://localhost/x?sslmode=disable';
  expect(loadConfig({ DATABASE_URL: url }).database.url).toBe(url);
  for (const address of ['10.1.2.3:10600', 'db-proxy-0.db-proxy:10600', '[fd00::1]:10600']) {
    expect(loadConfig({ DATABASE_URL, ADVERTISE_ADDRESS: address }).advertiseAddress).toBe(address);
  }
});
