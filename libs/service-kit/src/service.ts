import { ConfigError } from './config.js';
import type { Health } from './health.js';
import { type CommonConfig, createKit, type Kit, type StartOptions } from './kit.js';
import type { Metrics } from './metrics.js';
import { startOpsServer } from './ops-server.js';
import { openTracing } from './tracing/open-tracing.js';

/**
 * How long a process waits for PostgreSQL and NATS before it exits, milliseconds, so that its supervisor can restart it in
 * case it is wedged.
 */
const startTimeoutMs = 600_000;
/** Grace period for keep-alive HTTP connections of a stopping process, milliseconds. */
const keepAliveGraceMs = 1_500;

/** A running service instance. `stop` is orderly, bounded in time and idempotent. */
export interface Service {
  readonly name: string;
  readonly instance: number;
  /** Every port it listens on, by purpose; `ops` is always there. */
  readonly ports: Readonly<Record<string, number>>;
  readonly health: Health;
  readonly metrics: Metrics;
  stop(): Promise<void>;
}

/**
 * Starts a service: passes `start` its kit, then opens the health and metrics port. When `start` throws, what it had
 * started is stopped before the error is passed on.
 * @param start opens the parts of the service, registers each stop in `kit.life`, returns its ports
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
    log.info({ ports }, 'service started');
    return {
      name,
      instance,
      ports,
      health: basic.health,
      metrics,
      stop: async () => {
        basic.health.startDraining();
        await basic.life.stop();
        log.info('service stopped');
      },
    };
  } catch (error) {
    await basic.life.stop();
    throw error;
  }
}

/**
 * Runs a service as a process: configuration, start, signal, stop.
 * @returns the process's exit status: 0 after an orderly stop, 1 when it could not start, 78 (EX_CONFIG)
 * when its configuration is wrong
 */
export async function runService(
  name: string,
  start: (env: NodeJS.ProcessEnv, options: StartOptions) => Promise<Service>,
): Promise<number> {
  const signal = new Promise<void>((resolve) => {
    for (const each of ['SIGTERM', 'SIGINT'] as const) process.on(each, () => resolve());
    // The parent that started this process over an IPC channel has died; nothing else would stop it.
    if (process.channel) process.once('disconnect', resolve);
  });
  const stop = new AbortController();
  void signal.then(() => stop.abort());
  try {
    const startTimeout = { ms: startTimeoutMs, stop: stop.signal };
    const service = await start(process.env, { processMetrics: true, keepAliveGraceMs, startTimeout });
    // Reports the ports to a parent with an IPC channel (`teamtalk dev`, TestCluster).
    const ready = { ready: true, service: name, instance: service.instance, ports: service.ports };
    // The callback swallows the error of a parent that is gone; `disconnect` handles that.
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
