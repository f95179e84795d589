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

// It traces nothing: its messages are traced by the services that they pass.
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
      'Where the msg_servers are, host:port, separated by commas; a name stands for every address that DNS has for it',
    ),
  CANARY_USERS: env.integer(
    100,
    2,
    1_000,
    'Accounts that write to each other, canary-1 to canary-N; they spread over the msg_servers',
  ),
  CANARY_PASSWORD: env.requiredString('Password of these accounts'),
  CANARY_RATE: env.integer(
    2,
    1,
    1_000,
    'Messages a second of all accounts together; each goes to all the others and is stored once',
  ),
  CANARY_LATE_MS: env.integer(
    1_000,
    10,
    60_000,
    'Time from sending a message after which its arrival counts as late, ms',
  ),
  CANARY_LOST_SECONDS: env.integer(
    10,
    5,
    600,
    'Time from its acknowledgement after which a message that has not arrived counts as lost, seconds',
  ),
  CANARY_TLS: env.boolean(false, 'Whether the msg_servers are dialled by TLS'),
  CANARY_TLS_CA_FILE: env.optionalString(
    'PEM file of the authority that signed their certificate; default: those that Node trusts',
  ),
  CANARY_TLS_SERVER_NAME: env.optionalString(
    'Name in their certificate, where they are dialled by their addresses',
  ),
  TEXT_KEY: z
    .string()
    .refine((key) => Buffer.byteLength(key) === 32, 'must be 32 bytes')
    .default(DEFAULT_TEXT_KEY)
    .describe('Key of message texts, shared with the clients, 32 bytes'),
};

export interface CanaryConfig extends CommonConfig {
  /** host:port each */
  servers: readonly string[];
  users: number;
  password: string;
  /** messages a second */
  rate: number;
  lateMs: number;
  lostMs: number;
  /** undefined: no TLS */
  tls: { caFile: string | undefined; serverName: string | undefined } | undefined;
  textKey: string;
}

/** @throws ConfigError naming every variable that is missing or wrong */
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
  if (caFile || serverName) throw new ConfigError(['CANARY_TLS: must be true with the settings of its TLS']);
  return undefined;
}
