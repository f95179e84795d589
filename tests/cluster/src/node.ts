import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { isGone, type ServiceName, ServiceProcess, type ServiceProcessOptions } from '@teamtalk/local-stack';
import { type Logger, readMetrics, type Sample, type Service } from '@teamtalk/service-kit';
import { starters } from './starters.js';

/** in this process, or each service as one of its own (`node dist/main.js`, from the last build) */
export type Mode = 'in-process' | 'processes';

const startMs = 30_000;
const stopMs = 40_000;

/** How a process is started. */
interface ProcessOptions extends Pick<ServiceProcessOptions, 'nodeOptions' | 'checkout'> {
  /** where it appends its output to SERVICE.log; undefined: it goes where ours goes */
  logFolder?: string | undefined;
}

/** One running service of a cluster. */
export abstract class ClusterNode {
  readonly service: ServiceName;
  /** by purpose, as the service reports them */
  readonly ports: Readonly<Record<string, number>>;
  readonly instance: number;
  /** Stopped by SIGSTOP. */
  frozen = false;

  protected constructor(
    service: ServiceName,
    { instance, ports }: { instance: number; ports: Readonly<Record<string, number>> },
  ) {
    this.service = service;
    this.instance = instance;
    this.ports = ports;
  }

  static start(
    mode: Mode,
    service: ServiceName,
    env: Record<string, string>,
    { log, ...how }: { log?: Logger | undefined } & ProcessOptions = {},
  ): Promise<ClusterNode> {
    return mode === 'processes'
      ? ProcessNode.begin(service, env, how)
      : InProcessNode.begin(service, env, log);
  }

  abstract get pid(): number;

  /** The last error output of a process without a log. */
  get lastWords(): string {
    return '';
  }

  /** A graceful shutdown. */
  abstract stop(): Promise<void>;

  /** @throws Error when the service is not a process of its own */
  abstract signal(signal: NodeJS.Signals): Promise<void>;

  /** @throws Error when it does not answer */
  async readiness(): Promise<{ ready: boolean; text: string }> {
    const response = await this.#get('/readyz');
    return { ready: response.ok, text: await response.text() };
  }

  async samples(): Promise<Sample[]> {
    return readMetrics(await (await this.#get('/metrics')).text());
  }

  #get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.ports.ops}${path}`, { signal: AbortSignal.timeout(5_000) });
  }
}

class InProcessNode extends ClusterNode {
  readonly #running: Service;

  static async begin(
    service: ServiceName,
    env: Record<string, string>,
    log: Logger | undefined,
  ): Promise<ClusterNode> {
    const start = await starters[service]();
    return new InProcessNode(service, await start(env, log ? { log } : {}));
  }

  private constructor(service: ServiceName, running: Service) {
    super(service, running);
    this.#running = running;
  }

  get pid(): number {
    return process.pid;
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }

  signal(signal: NodeJS.Signals): Promise<void> {
    return Promise.reject(new Error(`${signal} needs a cluster of processes: { mode: 'processes' }`));
  }
}

class ProcessNode extends ClusterNode {
  readonly #process: ServiceProcess;

  static async begin(
    service: ServiceName,
    env: Record<string, string>,
    { logFolder, ...how }: ProcessOptions,
  ): Promise<ClusterNode> {
    const file = logFolder === undefined ? undefined : openSync(path.join(logFolder, `${service}.log`), 'a');
    const output = file ?? (env.LOG_LEVEL === 'silent' ? 'none' : 'inherit');
    // Not the whole environment: it has vitest's BASE_URL, and may have a developer's settings.
    const started = ServiceProcess.start({
      service,
      env: { PATH: process.env.PATH, ...env },
      output,
      ...how,
    });
    if (file !== undefined) closeSync(file);
    const timer = setTimeout(() => started.signal('SIGKILL'), startMs);
    try {
      return new ProcessNode(service, started, await started.ready);
    } finally {
      clearTimeout(timer);
    }
  }

  private constructor(
    service: ServiceName,
    started: ServiceProcess,
    up: { instance: number; ports: Record<string, number> },
  ) {
    super(service, up);
    this.#process = started;
  }

  get pid(): number {
    return this.#process.pid;
  }

  override get lastWords(): string {
    return this.#process.lastWords;
  }

  async stop(): Promise<void> {
    // A frozen process does not handle SIGTERM.
    if (this.frozen) this.#process.signal('SIGCONT');
    const orderly = await this.#process.stop(stopMs);
    if (!orderly) throw new Error(`${this.service} did not stop within ${stopMs} ms and was killed`);
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    this.#process.signal(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') {
      this.frozen = signal === 'SIGSTOP';
      return;
    }
    if (!(await isGone(this.pid, stopMs))) throw new Error(`${this.service} survived ${signal}`);
  }
}
