import { expect, test } from 'vitest';
import { busEnv, ConfigError, commonEnv, describeEnv, env, readEnv } from './config.js';

const schema = {
  ...commonEnv(18000),
  ...busEnv,
  DATABASE_URL: env.requiredString('Where the data is'),
  LIMIT: env.integer(10, 1, 100, 'How many'),
  STRICT: env.boolean(false, 'Whether'),
};

test('defaults hold for what is not set, and for what is empty', () => {
  const values = readEnv(schema, { DATABASE_URL: 'postgres://x', LIMIT: '' });
  expect(values).toMatchObject({
    LOG_LEVEL: 'info',
    OPS_PORT: 18000,
    LIMIT: 10,
    STRICT: false,
    NATS_PREFIX: 'teamtalk',
  });
});

test('all problems are told at once, each with its variable', () => {
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

test('variables of others are nobody’s business', () => {
  expect(() => readEnv({ LIMIT: schema.LIMIT }, { PATH: '/bin', LIMIT: '3' })).not.toThrow();
});

test('the reference page knows every default', () => {
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
