import {
  type AddressLimits,
  addressLimitEnv,
  addressLimits,
  Networks,
  strictTransportEnv,
  type TlsFiles,
  tlsEnv,
  tlsFiles,
  trustedProxiesEnv,
} from '@teamtalk/net';
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
  type RpcTls,
  readEnv,
  rpcEnv,
  rpcTls,
} from '@teamtalk/service-kit';
import type { SignOnConfig } from './sign-on/provider.js';

/** The variables of admin_server. */
export const envSchema = {
  ...commonEnv(18900),
  ...busEnv,
  ...rpcEnv,
  HTTP_HOST: env.string('0.0.0.0', 'Address the server listens on'),
  HTTP_PORT: env.port(8900, 'Port of the console'),
  ...tlsEnv,
  ...trustedProxiesEnv,
  ...strictTransportEnv,
  CONSOLE_ORIGIN: env.string(
    '',
    'Where people open the console, such as https://console.example.com: changes are taken from that page only. Empty: from the host the request names',
  ),
  OIDC_ISSUER: env.string(
    '',
    'Issuer of the OpenID Connect provider by which people may sign on, such as https://login.example.com/realms/company; db_proxy_server needs it, too. Empty: accounts have passwords only',
  ),
  OIDC_CLIENT_ID: env.string('', 'What the provider knows the console as'),
  OIDC_CLIENT_SECRET: env.string('', 'The secret of that client; empty: it is a public one'),
  OIDC_SCOPES: env.string('openid email profile', 'Scopes that are asked for; openid is needed'),
  OIDC_NAME: env.string('', 'What the button on the login page calls the provider; empty: its host'),
  OIDC_ROLE_CLAIM: env.string(
    '',
    'Claim of the ID token that has the role of the account, of which the first value counts; without it nobody gets in. Empty: roles are given in the console',
  ),
  OIDC_TRUST_EMAIL: env.boolean(
    false,
    'Whether an e-mail address says who somebody is even if the provider does not say email_verified: only where nobody can choose their own',
  ),
  MSFS_URL: env.url(
    '',
    ['http:', 'https:'],
    'Base URL of msfs, as admin_server reaches it, for pictures uploaded in the console; msfs needs PUBLIC_URL where clients reach it differently. Empty: no pictures can be uploaded',
  ),
  MSFS_UPLOAD_TOKEN: env.string(
    '',
    'One of MSFS_UPLOAD_TOKENS of msfs; empty: none, which suffices where msfs takes uploads of everybody',
  ),
  MAX_CONNECTIONS: env.integer(500, 1, 1_000_000, 'HTTP connections at most; further ones are refused'),
  ...addressLimitEnv,
  MAX_BODY_BYTES: env.integer(262_144, 1024, 16_777_216, 'Largest request body, bytes'),
  WRITES_PER_SECOND: env.integer(
    20,
    1,
    10_000,
    'Changes per second of one session at each admin_server; further ones are refused, to be tried again',
  ),
  REQUEST_TIMEOUT_MS: env.integer(5_000, 10, 600_000, 'Time a request may take to arrive, ms'),
};

/** admin_server's configuration, grouped by purpose. Times are milliseconds, sizes bytes. */
export interface AdminServerConfig extends CommonConfig {
  nats: BusConfig;
  /** undefined: gRPC without TLS */
  rpcTls: RpcTls | undefined;
  listen: { host: string; port: number };
  /** undefined: no TLS */
  tls: TlsFiles | undefined;
  /** proxies whose X-Forwarded-For is trusted */
  trustedProxies: Networks;
  /** max-age of Strict-Transport-Security; 0: not sent */
  hstsSeconds: number;
  /** undefined: the host named in the request */
  origin: string | undefined;
  /** undefined: accounts have passwords only */
  signOn: SignOnConfig | undefined;
  /** undefined: no pictures can be uploaded */
  msfs: { url: string; token: string } | undefined;
  addressLimits: AddressLimits;
  limits: { connections: number; bodyBytes: number; writesPerSecond: number };
  timeouts: { requestMs: number };
}

function nest(values: EnvValues<typeof envSchema>): AdminServerConfig {
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    rpcTls: rpcTls(values),
    listen: { host: values.HTTP_HOST, port: values.HTTP_PORT },
    tls: tlsFiles(values),
    trustedProxies: Networks.parse('TRUSTED_PROXIES', values.TRUSTED_PROXIES),
    hstsSeconds: values.HSTS_SECONDS,
    origin: originOf(values.CONSOLE_ORIGIN),
    signOn: signOnConfig(values),
    msfs: values.MSFS_URL === '' ? undefined : { url: values.MSFS_URL, token: values.MSFS_UPLOAD_TOKEN },
    addressLimits: addressLimits(values),
    limits: {
      connections: values.MAX_CONNECTIONS,
      bodyBytes: values.MAX_BODY_BYTES,
      writesPerSecond: values.WRITES_PER_SECOND,
    },
    timeouts: { requestMs: values.REQUEST_TIMEOUT_MS },
  };
}

function originOf(text: string): string | undefined {
  if (text === '') return undefined;
  const origin = URL.canParse(text) ? new URL(text).origin : 'null';
  if (/^https?:/.test(origin) && text.replace(/\/$/, '') === origin) return origin;
  throw new ConfigError(['CONSOLE_ORIGIN: must be an origin such as https://console.example.com']);
}

function signOnConfig(values: EnvValues<typeof envSchema>): SignOnConfig | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = values;
  if (issuer === '') return undefined;
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  // Without TLS, an attacker on the path could sign on as anybody.
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.has(url.hostname));
  const problems = [
    ...(url && isSafe && !url.search && !url.hash ? [] : ['OIDC_ISSUER: must be an https:// URL']),
    ...(clientId === '' ? ['OIDC_CLIENT_ID: is required by OIDC_ISSUER'] : []),
    ...(/\bopenid\b/.test(values.OIDC_SCOPES) ? [] : ['OIDC_SCOPES: has to have openid']),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    issuer,
    clientId,
    clientSecret: values.OIDC_CLIENT_SECRET,
    scopes: values.OIDC_SCOPES,
    name: values.OIDC_NAME || (url?.host ?? ''),
    roleClaim: values.OIDC_ROLE_CLAIM,
    trustEmail: values.OIDC_TRUST_EMAIL,
  };
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** @throws ConfigError naming every invalid variable */
export function loadConfig(env: NodeJS.ProcessEnv): AdminServerConfig {
  return nest(readEnv(envSchema, env));
}
