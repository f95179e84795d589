import {
  busEnv,
  type CommonConfig,
  commonConfig,
  commonEnv,
  type EnvValues,
  env,
  readEnv,
} from '@teamtalk/service-kit';

/** The variables of msfs. */
export const envSchema = {
  ...commonEnv(18700),
  ...busEnv,
  HTTP_HOST: env.string('0.0.0.0', 'Address the server listens on'),
  HTTP_PORT: env.port(8700, 'Port for uploads and images'),
  MAX_CONNECTIONS: env.integer(10_000, 1, 1_000_000, 'HTTP connections at most; more are refused'),
  MAX_UPLOAD_BYTES: env.integer(10_485_760, 1024, 1_073_741_824, 'Largest upload, bytes'),
  REQUEST_TIMEOUT_MS: env.integer(60_000, 10, 3_600_000, 'Longest time a request may take to arrive, ms'),
};

/** msfs's configuration, nested by what it is for. Times are milliseconds, sizes bytes. */
export interface MsfsConfig extends CommonConfig {
  nats: { url: string; prefix: string };
  listen: { host: string; port: number };
  limits: { connections: number; uploadBytes: number };
  requestTimeoutMs: number;
}

function nest(values: EnvValues<typeof envSchema>): MsfsConfig {
  return {
    ...commonConfig(values),
    nats: { url: values.NATS_URL, prefix: values.NATS_PREFIX },
    listen: { host: values.HTTP_HOST, port: values.HTTP_PORT },
    limits: { connections: values.MAX_CONNECTIONS, uploadBytes: values.MAX_UPLOAD_BYTES },
    requestTimeoutMs: values.REQUEST_TIMEOUT_MS,
  };
}

/** @throws ConfigError naming every variable that is wrong */
export function loadConfig(env: NodeJS.ProcessEnv): MsfsConfig {
  return nest(readEnv(envSchema, env));
}
