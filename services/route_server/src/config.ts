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

/** The variables of route_server. */
export const envSchema = {
  ...commonEnv(18200),
  ...busEnv,
  ROLL_CALL_MS: env.integer(
    1200,
    0,
    60_000,
    'Time given to msg_servers to answer the roll call at start, milliseconds; they announce themselves every second anyway',
  ),
};

export interface RouteServerConfig extends CommonConfig {
  nats: BusConfig;
  discoveryMs: number;
}

/** @throws ConfigError naming every wrong variable */
export function loadConfig(environment: NodeJS.ProcessEnv): RouteServerConfig {
  const values = readEnv(envSchema, environment);
  return {
    ...commonConfig(values),
    nats: busConfig(values),
    discoveryMs: values.ROLL_CALL_MS,
  };
}
