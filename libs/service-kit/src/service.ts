import { ConfigError, type EnvValues } from './config.js';
import { Health } from './health.js';
import { formatInstance, newInstance } from './instance.js';
import { Lifecycle } from './lifecycle.js';
import { createLogger, type Logger } from './logger.js';
import { Metrics } from './metrics.js';
import { startOpsServer } from './ops-server.js';
import { type TracingConfig, tracingConfig, type tracingEnv } from './tracing/env.js';
import { openTracing } from './tracing/open-tracing.js';
import type { Tracing } from './tracing/tracing.js';
import { type Patience, type UntilAvailable, untilAvailable } from './until-available.js';

/**
 * How long a process waits for PostgreSQL and NATS before it gives up, milliseconds; whoever started it may then try anew,
 * should it be wedged.
 */
const patienceMs = 600_000;
/** Kept HTTP connections of a process that stops may bring one more request for this long, milliseconds. */
const keptMs = 1_500;

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

/** A running service instance. `stop` is orderly, bounded in time and may be called more than once. */
export interface Service {
  readonly name: string;
  readonly instance: number;
  /** Every port it listens on, by purpose; `ops` is always there. */
  readonly ports: Readonly<Record<string, number>>;
  readonly health: Health;
  readonly metrics: Metrics;
  stop(): Promise<void>;
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

/**
 * Starts a service: gives `start` its kit, then opens the health and metrics port. When `start` throws,
 * what it had started is stopped again before the error is passed on.
 * @param start opens what the service consists of, registers each stop in `kit.life`, returns its ports
 */
export async function startService<C extends CommonConfig>(
  name: string,
  config: C,
  options: StartOptions,
  start: (config: C, kit: Kit) => Promise<Record<string, number>>,
): Promise<Service> {
  const basic = createKit(name, config, options);
  const { log, metrics, instance } = basic;
  basic.health.startBegun();
  try {
    const tracing = await openTracing(config.tracing, basic);
    const ops = await startOpsServer(config.ops, basic.health, metrics);
    basic.life.onStop('health and metrics', () => ops.stop());
    const kit: Kit = { ...basic, tracing, ops: { host: config.ops.host, port: ops.port } };
    const ports = { ...(await start(config, kit)), ops: ops.port };
    basic.health.startDone();
    log.info({ ports }, `${name} ${formatInstance(instance)} is up`);
    return {
      name,
      instance,
      ports,
      health: basic.health,
      metrics,
      stop: async () => {
        basic.health.startDraining();
        await basic.life.stop();
        log.info(`${name} ${formatInstance(instance)} has stopped`);
      },
    };
  } catch (error) {
    await basic.life.stop();
    throw error;
  }
}

/**
 * The whole life of a service that is a process of its own: configuration, start, a signal, stop.
 * @returns the process's exit status: 0 after an orderly stop, 1 when it could not start, 78 (EX_CONFIG)
 * when its configuration is wrong
 */
export async function runService(
  name: string,
  start: (env: NodeJS.ProcessEnv, options: StartOptions) => Promise<Service>,
): Promise<number> {
  const signal = new Promise<void>((resolve) => {
    for (const each of ['SIGTERM', 'SIGINT'] as const) process.on(each, () => resolve());
    // The parent that started us over an IPC channel has died: nobody else would stop us.
    if (process.channel) process.once('disconnect', resolve);
  });
  const stop = new AbortController();
  void signal.then(() => stop.abort());
  try {
    const patience = { ms: patienceMs, stop: stop.signal };
    const service = await start(process.env, { processMetrics: true, keptMs, patience });
    // A parent that starts us over an IPC channel (`teamtalk dev`, the testkit) learns the ports this way.
    const ready = { ready: true, service: name, instance: service.instance, ports: service.ports };
    // The callback takes the error of a parent that is gone already; `disconnect` has told us.
    process.send?.(ready, undefined, undefined, () => {});
    await signal;
    await service.stop();
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 0;
    if (error instanceof ConfigError) {
      process.stderr.write(`${name}: ${error.message}\n`);
      return 78;
    }
    process.stderr.write(
      `${name} could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  }
}
