import type { EnvValues } from './config.js';
import { Health } from './health.js';
import { newInstance } from './instance.js';
import { Lifecycle } from './lifecycle.js';
import { createLogger, type Logger } from './logger.js';
import { Metrics } from './metrics.js';
import { type TracingConfig, tracingConfig, type tracingEnv } from './tracing/env.js';
import type { Tracing } from './tracing/tracing.js';
import { type Patience, type UntilAvailable, untilAvailable } from './until-available.js';

/** What every service's configuration holds. */
export interface CommonConfig {
  logLevel: string;
  ops: { host: string; port: number };
  shutdownMs: number;
  /** undefined: no tracing */
  tracing?: TracingConfig | undefined;
}

/** What every service instance has: its name, log, metrics, health and the order of its stopping. */
export interface Kit {
  readonly service: string;
  /** unsigned 32-bit, drawn anew at each start */
  readonly instance: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly life: Lifecycle;
  /** where it listens for health and metrics; undefined for a part that is tested alone */
  readonly ops?: { host: string; port: number };
  /** undefined: nothing is traced */
  readonly tracing: Tracing | undefined;
  /** Tries what the service cannot start without, as often as `StartOptions.patience` has it. */
  readonly untilAvailable: UntilAvailable;
  /** at the stop, how long kept HTTP connections may bring one more request, milliseconds; see closeServer */
  readonly keptMs: number;
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
  /** Takes the log's place; tests pass a silent or a recording one. */
  log?: Logger;
  /** Set in a process of its own: adds the process's figures to the metrics. */
  processMetrics?: boolean;
  /** How long kept HTTP connections may bring one more request at the stop, milliseconds; 0 when left out. */
  keptMs?: number;
  /** How long it waits for PostgreSQL and NATS; when left out it fails if one is away. */
  patience?: Patience;
}

/** A service instance's kit by itself: for parts of a service that are tested alone. */
export function createKit(
  service: string,
  config: Pick<CommonConfig, 'logLevel' | 'shutdownMs'>,
  options: StartOptions = {},
): Kit {
  const instance = newInstance();
  const log = options.log ?? createLogger({ service, instance, level: config.logLevel });
  const metrics = new Metrics(service);
  if (options.processMetrics) metrics.collectProcess();
  const health = new Health();
  return {
    service,
    instance,
    log,
    metrics,
    health,
    life: new Lifecycle(log, config.shutdownMs),
    tracing: undefined,
    untilAvailable: untilAvailable(options.patience ?? { ms: 0 }, health, log),
    keptMs: options.keptMs ?? 0,
  };
}
