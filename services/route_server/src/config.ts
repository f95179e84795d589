import {
  type BusConfig,
  busConfig,
  busEnv,
  type CommonConfig,
  commonConfig,
  commonEnv,
  env,
  readEnv,
} from '@teamtalk/service-kit';

/** Variables of route_server. */
export const envSchema = {
  ...commonEnv(18200),
  ...busEnv,
  ROLL_CALL_MS: env.integer(
    1200,
    0,
    60_000,
    'Time for msg_servers to answer the discovery request at the start, milliseconds; they also send heartbeats every second',
  ),
  WEB_COUNTS_AS_PC: env.boolean(
    true,
    'Whether a user with only web sessions appears online to others, and whether a mobile client that kicks the PC also ends web sessions. Must be the same at all route_servers',
  ),
};

export interface RouteServerConfig extends CommonConfig {
  nats: BusConfig;
  discoveryMs: number;
  webIsPc: boolean;
}

/** @throws ConfigError naming every invalid variable */
export function loadConfig(environment: NodeJS.ProcessEnv): RouteServerConfig {
  const values = readEnv(envSchema, environment);
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    discoveryMs: values.ROLL_CALL_MS,
    webIsPc: values.WEB_COUNTS_AS_PC,
  };
}
