import {
  type AddressLimits,
  addressLimitEnv,
  addressLimits,
  Networks,
  type TlsFiles,
  tlsEnv,
  tlsFiles,
  trustedProxiesEnv,
} from '@teamtalk/net';
import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import {
  type BusConfig,
  busConfig,
  busEnv,
  type CommonConfig,
  ConfigError,
  commonConfig,
  commonEnv,
  type EnvValues,
  env,
  isProduction,
  problemsOfSecrets,
  type RpcTls,
  readEnv,
  rpcEnv,
  rpcTls,
} from '@teamtalk/service-kit';
import { z } from 'zod';

/** The variables of http_msg_server. */
export const envSchema = {
  ...commonEnv(18400),
  ...busEnv,
  ...rpcEnv,
  HTTP_HOST: env.string('0.0.0.0', 'Address the server listens on'),
  HTTP_PORT: env.port(8400, 'Port of the HTTP API'),
  ...tlsEnv,
  HTTP_AUTH: env.choice(
    ['addresses', 'keys', 'open'],
    'addresses',
    'Who may call the legacy API. addresses: apps (teamtalk app create), and without a key callers from HTTP_KEYLESS_ADDRESSES; keys: only apps; open: any caller, like the original, which NODE_ENV=production refuses',
  ),
  HTTP_KEYLESS_ADDRESSES: env.string(
    '127.0.0.0/8,::1',
    'Addresses or CIDRs, separated by commas, whose callers need no key while HTTP_AUTH=addresses; by default this machine. They may send as any user',
  ),
  APP_KEYS: env.string(
    '',
    'app_keys that may do everything, separated by commas, each of at least 16 characters, in addition to the apps in the database',
  ),
  ...trustedProxiesEnv,
  TEXT_KEY: z
    .string()
    .refine((key) => Buffer.byteLength(key) === 32, 'must be 32 bytes')
    .default(DEFAULT_TEXT_KEY)
    .describe('Key of message texts, shared with the clients, 32 bytes'),
  MAX_CONNECTIONS: env.integer(2_000, 1, 1_000_000, 'HTTP connections at most; further ones are refused'),
  ...addressLimitEnv,
  MAX_BODY_BYTES: env.integer(1_048_576, 1024, 67_108_864, 'Largest request body, bytes'),
  MAX_ALL_BODIES_BYTES: env.integer(
    67_108_864,
    1_048_576,
    17_179_869_184,
    'Bodies of all requests in flight together at most, bytes; a quarter of it for callers whose key is not checked yet. Further ones are refused, to be tried again',
  ),
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
    'Messages waiting for the store at most; further ones get error 9',
  ),
  GROUP_MEMBERS_RATE: env.integer(
    1_000,
    0,
    1_000_000,
    'Members per second that one app (one address, for calls without a key) puts into groups or takes out of them at each http_msg_server; a quarter for each who is told. A call beyond it waits, up to 3 s, and is then refused. 0: no limit',
  ),
  GROUP_MEMBERS_BURST: env.integer(
    50_000,
    1,
    100_000_000,
    'Members that one app may put into groups at once before GROUP_MEMBERS_RATE applies',
  ),
  REQUEST_TIMEOUT_MS: env.integer(5_000, 10, 600_000, 'Time a request may take to arrive, ms'),
  STORE_TIMEOUT_MS: env.integer(
    3_500,
    10,
    600_000,
    'Time the store has to confirm a message before it is answered with error 9, ms',
  ),
};

/** http_msg_server's configuration, grouped by purpose. Times are milliseconds, sizes bytes. */
export interface HttpMsgServerConfig extends CommonConfig {
  nats: BusConfig;
  /** undefined: gRPC without TLS */
  rpcTls: RpcTls | undefined;
  listen: { host: string; port: number };
  /** undefined: no TLS */
  tls: TlsFiles | undefined;
  /** whose calls the legacy API serves without a key */
  keyless: 'all' | 'none' | Networks;
  /** the text of HTTP_KEYLESS_ADDRESSES */
  keylessAddresses: string;
  /** keys that may do everything */
  appKeys: readonly string[];
  /** proxies whose X-Forwarded-For is trusted */
  trustedProxies: Networks;
  addressLimits: AddressLimits;
  textKey: string;
  limits: {
    connections: number;
    bodyBytes: number;
    allBodiesBytes: number;
    messageBytes: number;
    appends: number;
  };
  /** members of groups made, changed and notified by one caller */
  groupRate: { perSecond: number; burst: number };
  timeouts: { requestMs: number; storeMs: number };
}

function nest(values: EnvValues<typeof envSchema>, isProduction: boolean): HttpMsgServerConfig {
  const appKeys = listOf(values.APP_KEYS);
  const problems = [
    ...(isProduction && values.HTTP_AUTH === 'open' ? [neverOpen] : []),
    ...problemsOfSecrets('APP_KEYS', appKeys),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    rpcTls: rpcTls(values),
    listen: { host: values.HTTP_HOST, port: values.HTTP_PORT },
    tls: tlsFiles(values),
    keyless: keylessOf(values),
    keylessAddresses: values.HTTP_KEYLESS_ADDRESSES,
    appKeys,
    trustedProxies: Networks.parse('TRUSTED_PROXIES', values.TRUSTED_PROXIES),
    addressLimits: addressLimits(values),
    textKey: values.TEXT_KEY,
    limits: {
      connections: values.MAX_CONNECTIONS,
      bodyBytes: values.MAX_BODY_BYTES,
      allBodiesBytes: values.MAX_ALL_BODIES_BYTES,
      messageBytes: values.MAX_MESSAGE_BYTES,
      appends: values.MAX_APPENDS,
    },
    groupRate: { perSecond: values.GROUP_MEMBERS_RATE, burst: values.GROUP_MEMBERS_BURST },
    timeouts: { requestMs: values.REQUEST_TIMEOUT_MS, storeMs: values.STORE_TIMEOUT_MS },
  };
}

const neverOpen =
  'HTTP_AUTH: open is refused with NODE_ENV=production: give callers keys (teamtalk app create), or name the addresses of those that cannot send one in HTTP_KEYLESS_ADDRESSES';

function keylessOf(values: EnvValues<typeof envSchema>): HttpMsgServerConfig['keyless'] {
  const networks = Networks.parse('HTTP_KEYLESS_ADDRESSES', values.HTTP_KEYLESS_ADDRESSES);
  if (values.HTTP_AUTH === 'addresses') return networks;
  return values.HTTP_AUTH === 'open' ? 'all' : 'none';
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** @throws ConfigError naming every invalid variable */
export function loadConfig(env: NodeJS.ProcessEnv): HttpMsgServerConfig {
  return nest(readEnv(envSchema, env), isProduction(env));
}
