import { ClientLog } from './client-log.js';
import type { EnvValues } from './config.js';
import { Health } from './health.js';
import { newInstance } from './instance.js';
import { Lifecycle } from './lifecycle.js';
import { createLogger, type Logger } from './logger.js';
import { Metrics } from './metrics.js';
import { type TracingConfig, tracingConfig, type tracingEnv } from './tracing/env.js';
import type { Tracing } from './tracing/tracing.js';
import { type StartTimeout, type UntilAvailable, untilAvailable } from './until-available.js';

/** The part of the configuration that every service has. */
export interface CommonConfig {
  logLevel: string;
  ops: { host: string; port: number };
  shutdownMs: number;
  /** undefined: no tracing */
  tracing?: TracingConfig | undefined;
}

/** The common parts of a service instance: name, log, metrics, health and shutdown. */
export interface Kit {
  readonly service: string;
  /** unsigned 32-bit, random at each start */
  readonly instance: number;
  readonly log: Logger;
  /** for what clients do wrong */
  readonly clientLog: ClientLog;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly life: Lifecycle;
  /** listener of health and metrics; undefined when a part is tested alone */
  readonly ops?: { host: string; port: number };
  /** undefined: no tracing */
  readonly tracing: Tracing | undefined;
  /** Retries a step the service cannot start without, within `StartOptions.startTimeout`. */
  readonly untilAvailable: UntilAvailable;
  /** at shutdown, grace period for keep-alive HTTP connections, milliseconds; see closeServer */
  readonly keepAliveGraceMs: number;
}

/** The values of `commonEnv`, nested. */
export function commonConfig(
  values: {
    LOG_LEVEL: string;
    OPS_HOST: string;
    OPS_PORT: number;
    SHUTDOWN_SECONDS: number;
  } & EnvValues<typeof tracingEnv>,
): CommonConfig {
  return {
    logLevel: values.LOG_LEVEL,
    ops: { host: values.OPS_HOST, port: values.OPS_PORT },
    shutdownMs: values.SHUTDOWN_SECONDS * 1000,
    tracing: tracingConfig(values),
  };
}

export interface StartOptions {
  /** Replaces the default log; tests pass a silent or a recording one. */
  log?: Logger;
  /** Whether to add process metrics; set when the service has a process of its own. */
  processMetrics?: boolean;
  /** Grace period for keep-alive HTTP connections at shutdown, milliseconds; default: 0. */
  keepAliveGraceMs?: number;
  /** How long to wait for PostgreSQL and NATS; by default the start fails when one is down. */
  startTimeout?: StartTimeout;
}

/** Creates a kit alone, for testing parts of a service. */
export function createKit(
  service: string,
  config: Pick<CommonConfig, 'logLevel' | 'shutdownMs'>,
  options: StartOptions = {},
): Kit {
  const instance = newInstance();
  const log = options.log ?? createLogger({ service, instance, level: config.logLevel });
  const metrics = new Metrics(service);
  const leftOut = metrics.counter(
    'client_log_lines_left_out_total',
    'Log lines about clients that were left out, because one about the same address was written within a minute',
  );
  if (options.processMetrics) metrics.collectProcess();
  const health = new Health();
  return {
    service,
    instance,
    log,
    clientLog: new ClientLog({ log, leftOut }),
    metrics,
    health,
    life: new Lifecycle(log, config.shutdownMs),
    tracing: undefined,
    untilAvailable: untilAvailable(options.startTimeout ?? { ms: 0 }, health, log),
    keepAliveGraceMs: options.keepAliveGraceMs ?? 0,
  };
}
