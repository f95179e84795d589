import { z } from 'zod';
import { ConfigError, type EnvValues, env } from './config.js';
import { tracingEnv } from './tracing/env.js';

/** Variables of every service. `opsPort` is the default port for health and metrics. */
export function commonEnv(opsPort: number) {
  return {
    LOG_LEVEL: env.choice(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'info',
      'Least severe log level that is written; debug traces every message by its trace id',
    ),
    OPS_HOST: env.string('0.0.0.0', 'Address the health and metrics server listens on'),
    OPS_PORT: env.port(opsPort, 'Port of /livez, /readyz and /metrics'),
    SHUTDOWN_SECONDS: env.integer(25, 1, 3600, 'Longest time an orderly shutdown may take, seconds'),
    ...tracingEnv,
  };
}

/** Variables of every service that uses NATS. */
export const busEnv = {
  NATS_URL: env.url('nats://127.0.0.1:4222', ['nats:', 'tls:'], 'NATS servers, separated by commas'),
  NATS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'may hold letters, digits, - and _')
    .default('teamtalk')
    .describe('First token of every subject, so that several installations can share a NATS cluster'),
  NATS_USER: env.optionalString(
    'User name for NATS, with NATS_PASSWORD. A service that bears it as its own name has a user with its own permissions; all others are one user that may do everything',
  ),
  NATS_PASSWORD: env.optionalString('Password for NATS'),
  NATS_CREDS: env.optionalString(
    'Credentials for NATS, the text of a .creds file (NATS_CREDS_FILE names the file); in place of NATS_USER and NATS_PASSWORD',
  ),
  NATS_CA_FILE: env.optionalString(
    'PEM file of the CA that signed the certificates of NATS; the connection must be TLS when set',
  ),
  NATS_CERT_FILE: env.optionalString('PEM file of this service’s certificate for NATS, with NATS_KEY_FILE'),
  NATS_KEY_FILE: env.optionalString('PEM file of the key of NATS_CERT_FILE'),
};

/** Address and credentials of NATS. Files are read for each connection, so they may be replaced. */
export interface BusConfig {
  /** NATS URLs, separated by commas */
  url: string;
  /** first token of every subject */
  prefix: string;
  user?: string | undefined;
  password?: string | undefined;
  /** the text of a .creds file */
  credentials?: string | undefined;
  tls?: { caFile: string; certFile?: string | undefined; keyFile?: string | undefined } | undefined;
}

/** @throws ConfigError when half of a pair is missing */
export function busConfig(values: EnvValues<typeof busEnv>): BusConfig {
  if (!values.NATS_CREDS) requirePair(values, 'NATS_USER', 'NATS_PASSWORD');
  requirePair(values, 'NATS_CERT_FILE', 'NATS_KEY_FILE');
  const { NATS_CA_FILE: caFile, NATS_CERT_FILE: certFile, NATS_KEY_FILE: keyFile } = values;
  if (certFile && !caFile) throw new ConfigError(['NATS_CA_FILE: is required with NATS_CERT_FILE']);
  return {
    url: values.NATS_URL,
    prefix: values.NATS_PREFIX,
    user: values.NATS_USER,
    password: values.NATS_PASSWORD,
    credentials: values.NATS_CREDS,
    tls: caFile ? { caFile, certFile, keyFile } : undefined,
  };
}

/** Variables of every service that serves or makes gRPC calls. */
export const rpcEnv = {
  RPC_CA_FILE: env.optionalString(
    'PEM file of the CA that signed the services’ certificates; together with RPC_CERT_FILE and RPC_KEY_FILE it turns on mutual TLS for gRPC. The files are reloaded when they change',
  ),
  RPC_CERT_FILE: env.optionalString('PEM file of this service’s certificate for gRPC'),
  RPC_KEY_FILE: env.optionalString('PEM file of the key of RPC_CERT_FILE'),
  RPC_SERVER_NAME: env.string(
    'db-proxy-server',
    'DNS name in the certificate of a gRPC server, whatever address it is dialled at',
  ),
};

/** Files for mutual TLS between the services. */
export interface RpcTls {
  caFile: string;
  certFile: string;
  keyFile: string;
  /** DNS name in every server's certificate */
  serverName: string;
}

/**
 * @returns undefined: gRPC without TLS
 * @throws ConfigError when only some of the files are given
 */
export function rpcTls(values: EnvValues<typeof rpcEnv>): RpcTls | undefined {
  const { RPC_CA_FILE: caFile, RPC_CERT_FILE: certFile, RPC_KEY_FILE: keyFile } = values;
  if (caFile && certFile && keyFile) return { caFile, certFile, keyFile, serverName: values.RPC_SERVER_NAME };
  if (!caFile && !certFile && !keyFile) return undefined;
  throw new ConfigError(['RPC_CA_FILE, RPC_CERT_FILE, RPC_KEY_FILE: all three or none']);
}

function requirePair<V extends Record<string, unknown>>(
  values: V,
  one: keyof V & string,
  other: keyof V & string,
) {
  if (values[one] && !values[other]) throw new ConfigError([`${other}: is required with ${one}`]);
  if (!values[one] && values[other]) throw new ConfigError([`${one}: is required with ${other}`]);
}
