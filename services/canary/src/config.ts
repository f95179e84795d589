import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import {
  type CommonConfig,
  ConfigError,
  commonEnv,
  type EnvValues,
  env,
  readEnv,
} from '@teamtalk/service-kit';
import { z } from 'zod';

// No tracing settings: the services trace the canary's messages.
const { LOG_LEVEL, OPS_HOST, OPS_PORT, SHUTDOWN_SECONDS } = commonEnv(18900);

/** The variables of the canary. */
export const envSchema = {
  LOG_LEVEL,
  OPS_HOST,
  OPS_PORT,
  SHUTDOWN_SECONDS,
  CANARY_SERVERS: z
    .string()
    .regex(
      /^(\[[^\]]+\]|[^\s,:[\]]+):\d{1,5}(,(\[[^\]]+\]|[^\s,:[\]]+):\d{1,5})*$/,
      'must be host:port, several separated by commas',
    )
    .describe(
      'Addresses of the msg_servers, host:port, separated by commas; a name stands for all its addresses in DNS',
    ),
  CANARY_USERS: env.integer(
    100,
    2,
    1_000,
    'Number of accounts, canary-1 to canary-N, that send messages to each other; they are spread over the msg_servers',
  ),
  CANARY_PASSWORD: env.requiredString('Password of these accounts'),
  CANARY_RATE: env.integer(
    2,
    1,
    1_000,
    'Messages per second, of all accounts together; each goes to all other accounts and is stored once',
  ),
  CANARY_LATE_MS: env.integer(
    1_000,
    10,
    60_000,
    'Time after sending from which an arriving message counts as late, ms',
  ),
  CANARY_LOST_SECONDS: env.integer(
    10,
    5,
    600,
    'Time after its acknowledgement from which a message that has not arrived counts as lost, seconds',
  ),
  CANARY_TLS: env.boolean(false, 'Whether to connect to the msg_servers with TLS'),
  CANARY_TLS_CA_FILE: env.optionalString(
    'PEM file of the CA that signed their certificate; default: the CAs that Node trusts',
  ),
  CANARY_TLS_SERVER_NAME: env.optionalString(
    'Name in their certificate; needed if CANARY_SERVERS has addresses instead of names',
  ),
  TEXT_KEY: z
    .string()
    .refine((key) => Buffer.byteLength(key) === 32, 'must be 32 bytes')
    .default(DEFAULT_TEXT_KEY)
    .describe('Key of message texts, shared with the clients, 32 bytes'),
};

export interface CanaryConfig extends CommonConfig {
  /** each as host:port */
  servers: readonly string[];
  users: number;
  password: string;
  /** messages per second */
  rate: number;
  lateMs: number;
  lostMs: number;
  /** undefined: no TLS */
  tls: { caFile: string | undefined; serverName: string | undefined } | undefined;
  textKey: string;
}

/** @throws ConfigError that lists every missing or invalid variable */
export function loadConfig(environment: NodeJS.ProcessEnv): CanaryConfig {
  const values = readEnv(envSchema, environment);
  return {
    logLevel: values.LOG_LEVEL,
    ops: { host: values.OPS_HOST, port: values.OPS_PORT },
    shutdownMs: values.SHUTDOWN_SECONDS * 1_000,
    servers: values.CANARY_SERVERS.split(','),
    users: values.CANARY_USERS,
    password: values.CANARY_PASSWORD,
    rate: values.CANARY_RATE,
    lateMs: values.CANARY_LATE_MS,
    lostMs: values.CANARY_LOST_SECONDS * 1_000,
    tls: tlsOf(values),
    textKey: values.TEXT_KEY,
  };
}

function tlsOf(values: EnvValues<typeof envSchema>): CanaryConfig['tls'] {
  const { CANARY_TLS: on, CANARY_TLS_CA_FILE: caFile, CANARY_TLS_SERVER_NAME: serverName } = values;
  if (on) return { caFile, serverName };
  if (caFile || serverName)
    throw new ConfigError([
      'CANARY_TLS: must be true if CANARY_TLS_CA_FILE or CANARY_TLS_SERVER_NAME is set',
    ]);
  return undefined;
}
