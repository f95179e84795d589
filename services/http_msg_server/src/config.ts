import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import {
  busEnv,
  type CommonConfig,
  ConfigError,
  commonConfig,
  commonEnv,
  type EnvValues,
  env,
  readEnv,
} from '@teamtalk/service-kit';
import { z } from 'zod';

/** The variables of http_msg_server. */
export const envSchema = {
  ...commonEnv(18400),
  ...busEnv,
  HTTP_HOST: env.string('0.0.0.0', 'Address the server listens on'),
  HTTP_PORT: env.port(8400, 'Port of the HTTP API'),
  HTTP_AUTH: env.choice(
    ['open', 'keys'],
    'open',
    'open: every caller may push, as with the original; keys: only callers with an app_key of APP_KEYS',
  ),
  APP_KEYS: env.string('', 'Allowed app_keys, separated by commas; needed with HTTP_AUTH=keys'),
  TEXT_KEY: z
    .string()
    .refine((key) => Buffer.byteLength(key) === 32, 'must be 32 bytes')
    .default(DEFAULT_TEXT_KEY)
    .describe('Key of message texts, shared with the clients, 32 bytes'),
  MAX_CONNECTIONS: env.integer(2_000, 1, 1_000_000, 'HTTP connections at most; more are refused'),
  MAX_BODY_BYTES: env.integer(1_048_576, 1024, 67_108_864, 'Largest request body, bytes'),
  MAX_MESSAGE_BYTES: env.integer(
    393_216,
    16,
    16_777_216,
    'Largest message once encrypted, bytes; Android clients refuse frames above 400 KiB',
  ),
  MAX_APPENDS: env.integer(
    10_000,
    1,
    1_000_000,
    'Messages that wait for the store at most; more get error 9',
  ),
  REQUEST_TIMEOUT_MS: env.integer(5_000, 10, 600_000, 'Longest time a request may take to arrive, ms'),
  STORE_TIMEOUT_MS: env.integer(
    4_500,
    10,
    600_000,
    'A message the store has not confirmed by then is answered with error 9, ms',
  ),
};

/** http_msg_server's configuration, nested by what it is for. Times are milliseconds, sizes bytes. */
export interface HttpMsgServerConfig extends CommonConfig {
  nats: { url: string; prefix: string };
  listen: { host: string; port: number };
  /** undefined: open to everybody */
  appKeys: readonly string[] | undefined;
  textKey: string;
  limits: { connections: number; bodyBytes: number; messageBytes: number; appends: number };
  timeouts: { requestMs: number; storeMs: number };
}

function nest(values: EnvValues<typeof envSchema>): HttpMsgServerConfig {
  const keys = values.APP_KEYS.split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  if (values.HTTP_AUTH === 'keys' && keys.length === 0) {
    throw new ConfigError(['APP_KEYS: is required with HTTP_AUTH=keys']);
  }
  return {
    ...commonConfig(values),
    nats: { url: values.NATS_URL, prefix: values.NATS_PREFIX },
    listen: { host: values.HTTP_HOST, port: values.HTTP_PORT },
    appKeys: values.HTTP_AUTH === 'keys' ? keys : undefined,
    textKey: values.TEXT_KEY,
    limits: {
      connections: values.MAX_CONNECTIONS,
      bodyBytes: values.MAX_BODY_BYTES,
      messageBytes: values.MAX_MESSAGE_BYTES,
      appends: values.MAX_APPENDS,
    },
    timeouts: { requestMs: values.REQUEST_TIMEOUT_MS, storeMs: values.STORE_TIMEOUT_MS },
  };
}

/** @throws ConfigError naming every variable that is wrong */
export function loadConfig(env: NodeJS.ProcessEnv): HttpMsgServerConfig {
  return nest(readEnv(envSchema, env));
}
