import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError, describeEnv, env, readEnv } from './config.js';
import { busConfig, busEnv, commonEnv, rpcEnv, rpcTls } from './shared-env.js';

const schema = {
  ...commonEnv(18000),
  ...busEnv,
  DATABASE_URL: env.requiredString('Where the data is'),
  LIMIT: env.integer(10, 1, 100, 'How many'),
  STRICT: env.boolean(false, 'Whether'),
};

test('unset and empty variables have their defaults', () => {
  const values = readEnv(schema, { DATABASE_URL: 'postgres://x', LIMIT: '' });
  expect(values).toMatchObject({
    LOG_LEVEL: 'info',
    OPS_PORT: 18000,
    LIMIT: 10,
    STRICT: false,
    NATS_PREFIX: 'teamtalk',
  });
});

test('all problems are reported at once, each with its variable', () => {
  const wrong = { OPS_PORT: '70000', LIMIT: 'many', LOG_LEVEL: 'loud', STRICT: 'yes', NATS_URL: 'http://x' };
  let problems: readonly string[] = [];
  try {
    readEnv(schema, wrong);
  } catch (error) {
    if (error instanceof ConfigError) problems = error.problems;
  }
  expect([...problems].sort()).toEqual([
    'DATABASE_URL: is required',
    'LIMIT: must be a number',
    'LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent',
    'NATS_URL: must be a URL that starts with nats:// or tls://',
    'OPS_PORT: must be 0 to 65535',
    'STRICT: must be true or false',
  ]);
});

test('unknown variables are ignored', () => {
  expect(() => readEnv({ LIMIT: schema.LIMIT }, { PATH: '/bin', LIMIT: '3' })).not.toThrow();
});

test('the reference lists every default', () => {
  expect(describeEnv(schema).find((variable) => variable.name === 'LIMIT')).toEqual({
    name: 'LIMIT',
    description: 'How many',
    fallback: '10',
    required: false,
  });
  expect(describeEnv(schema).find((variable) => variable.name === 'DATABASE_URL')).toMatchObject({
    required: true,
  });
});

test('a variable can be read from a file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'teamtalk-config-'));
  try {
    const file = path.join(folder, 'limit');
    writeFileSync(file, '12\n');
    const limit = { LIMIT: schema.LIMIT };
    expect(readEnv(limit, { LIMIT_FILE: file })).toEqual({ LIMIT: 12 });
    expect(readEnv(limit, { LIMIT_FILE: file, LIMIT: '3' })).toEqual({ LIMIT: 3 });
    const missing = path.join(folder, 'missing');
    expect(() => readEnv(limit, { LIMIT_FILE: missing })).toThrow(/LIMIT_FILE: ENOENT.*missing/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a variable can differ from pod to pod', () => {
  const address = { ADDRESS: env.perPod('127.0.0.1', 'Where') };
  expect(readEnv(address, {})).toEqual({ ADDRESS: '127.0.0.1' });
  expect(readEnv(address, { ADDRESS: `other=192.0.2.1,${hostname()}=192.0.2.2` })).toEqual({
    ADDRESS: '192.0.2.2',
  });
  expect(() => readEnv(address, { ADDRESS: 'other=192.0.2.1' })).toThrow('ADDRESS: has no pair for this pod');
});

test('half of a pair is refused', () => {
  const bus = (given: NodeJS.ProcessEnv) => () => busConfig(readEnv(busEnv, given));
  expect(bus({ NATS_USER: 'a' })).toThrow('NATS_PASSWORD: is required with NATS_USER');
  expect(bus({ NATS_KEY_FILE: 'a' })).toThrow('NATS_CERT_FILE: is required with NATS_KEY_FILE');
  expect(bus({ NATS_CERT_FILE: 'a', NATS_KEY_FILE: 'b' })).toThrow('NATS_CA_FILE: is required');
  expect(bus({})()).toMatchObject({ tls: undefined, user: undefined });
  expect(() => rpcTls(readEnv(rpcEnv, { RPC_CA_FILE: 'a' }))).toThrow('all three or none');
  expect(rpcTls(readEnv(rpcEnv, {}))).toBeUndefined();
});
