import {
  busEnv,
  type CommonConfig,
  commonConfig,
  commonEnv,
  type EnvValues,
  env,
  readEnv,
} from '@teamtalk/service-kit';

/** The variables of file_server. */
export const envSchema = {
  ...commonEnv(18600),
  ...busEnv,
  CLIENT_HOST: env.string('0.0.0.0', 'Address the server listens on for clients'),
  CLIENT_PORT: env.port(8600, 'Port for clients'),
  ADVERTISE_IP: env.perPod(
    '127.0.0.1',
    'Address clients dial, handed out with a file transfer; or pod=address pairs, separated by commas',
  ),
  ADVERTISE_PORT: env.port(0, 'Port clients dial; 0: the port the server listens on'),
  MAX_CONNECTIONS: env.integer(10_000, 1, 1_000_000, 'Connections at most; more are refused'),
  MAX_PDU_BYTES: env.integer(
    262_144,
    1024,
    67_108_864,
    'Largest PDU a client may send, header included, bytes',
  ),
  LOGIN_TIMEOUT_MS: env.integer(
    15_000,
    10,
    600_000,
    'A connection that has not asked to log in by then is closed, ms',
  ),
  MAX_TASKS: env.integer(
    100_000,
    1,
    10_000_000,
    'Transfers that were asked for and have not expired, at most; more are refused',
  ),
  TASK_MS: env.integer(
    3_600_000,
    1000,
    604_800_000,
    'A transfer that was asked for has to be over after this time, ms',
  ),
  MAX_CONSECUTIVE_BAD_PDUS: env.integer(
    20,
    1,
    1_000_000,
    'A connection is closed after so many PDUs in a row that are unknown or do not parse',
  ),
};

/** file_server's configuration, nested by what it is for. Times are milliseconds, sizes bytes. */
export interface FileServerConfig extends CommonConfig {
  nats: { url: string; prefix: string };
  listen: { host: string; port: number };
  advertise: { ip: string; port: number };
  limits: { connections: number; pduBytes: number; consecutiveBadPdus: number; tasks: number };
  loginTimeoutMs: number;
  taskMs: number;
}

function nest(values: EnvValues<typeof envSchema>): FileServerConfig {
  return {
    ...commonConfig(values),
    nats: { url: values.NATS_URL, prefix: values.NATS_PREFIX },
    listen: { host: values.CLIENT_HOST, port: values.CLIENT_PORT },
    advertise: { ip: values.ADVERTISE_IP, port: values.ADVERTISE_PORT },
    limits: {
      connections: values.MAX_CONNECTIONS,
      pduBytes: values.MAX_PDU_BYTES,
      consecutiveBadPdus: values.MAX_CONSECUTIVE_BAD_PDUS,
      tasks: values.MAX_TASKS,
    },
    loginTimeoutMs: values.LOGIN_TIMEOUT_MS,
    taskMs: values.TASK_MS,
  };
}

/** @throws ConfigError naming every variable that is wrong */
export function loadConfig(env: NodeJS.ProcessEnv): FileServerConfig {
  return nest(readEnv(envSchema, env));
}
