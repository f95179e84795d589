import { isPortFree, type ServiceExit, ServiceProcess, traitsOf } from '@teamtalk/local-stack';
import { abortAfter } from '@teamtalk/service-kit';
import { portTaken } from './persistent-server.js';
import type { PlannedReplica } from './port-plan.js';
import { RestartDelay } from './restart-delay.js';
import type { ServiceLog } from './service-log.js';

export interface ReplicaOptions extends PlannedReplica {
  env: Readonly<Record<string, string | undefined>>;
  log: ServiceLog;
  /** It came up or went down. */
  onChange: () => void;
  /** One line for the person at the terminal. */
  say: (line: string) => void;
}

/** Exit status EX_CONFIG: starting it again would not help. */
const wrongConfiguration = 78;

/** One replica of a service: a process that is started again, on the same ports, whenever it exits. */
export class Replica {
  readonly planned: PlannedReplica;
  /** Settles with the first start: resolves when it is up, rejects when its configuration is wrong. */
  readonly up: Promise<void>;
  readonly #options: ReplicaOptions;
  readonly #delay = new RestartDelay();
  readonly #life: Promise<void>;
  #process: ServiceProcess | undefined;
  #ports: Readonly<Record<string, number>> | undefined;
  #restarted = false;
  #stopping = false;
  #wake: (() => void) | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.planned = { service: options.service, replica: options.replica, ports: options.ports };
    let live: Promise<void> = Promise.resolve();
    this.up = new Promise((resolve, reject) => {
      live = this.#live(resolve, reject);
    });
    this.up.catch(() => {});
    this.#life = live;
  }

  get name(): string {
    return `${this.planned.service}-${this.planned.replica}`;
  }

  /** Undefined while it is down or starting. */
  get running(): { pid: number; ports: Readonly<Record<string, number>> } | undefined {
    return this.#process?.isRunning && this.#ports
      ? { pid: this.#process.pid, ports: this.#ports }
      : undefined;
  }

  /** Whether the service says that everything it needs is there; otherwise what it lacks, as text. */
  async readiness(): Promise<true | string> {
    const ports = this.running?.ports;
    if (!ports) return `${this.name} is not up`;
    try {
      return await abortAfter(2_000, async (signal) => {
        const response = await fetch(`http://127.0.0.1:${ports.ops}/readyz`, { signal });
        return response.ok || `${this.name} is not ready: ${(await response.text()).trim()}`;
      });
    } catch (error) {
      return `${this.name} does not answer: ${String(error)}`;
    }
  }

  /**
   * Stops it for good: SIGTERM, then SIGKILL.
   * @param timeoutMs how long it may take to stop by itself, milliseconds
   */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    const orderly = await this.#process?.stop(timeoutMs);
    if (orderly === false)
      this.#options.say(`${this.name} did not stop within ${timeoutMs} ms and was killed`);
    await this.#life;
  }

  /** Kills it. */
  kill(): void {
    this.#stopping = true;
    this.#wake?.();
    this.#process?.signal('SIGKILL');
  }

  async #live(resolve: () => void, reject: (error: Error) => void): Promise<void> {
    for (let taken: number | undefined; !this.#stopping; ) {
      const before = taken;
      taken = await this.#takenPort();
      if (this.#stopping) break;
      if (taken !== undefined) {
        if (taken !== before) this.#options.say(portTaken(this.name, taken));
        await this.#sleep(this.#delay.died());
        continue;
      }
      this.#delay.started();
      const exit = await this.#run(resolve).catch((error: unknown) => String(error));
      this.#ports = undefined;
      this.#options.onChange();
      if (this.#stopping) break;
      const reason = typeof exit === 'string' ? exit : describe(exit);
      if (typeof exit !== 'string' && exit.code === wrongConfiguration) {
        reject(new Error(`${this.name} cannot run: ${await this.#options.log.end()}`));
      }
      const delay = this.#delay.died();
      this.#options.say(`${this.name} has ended (${reason}); it is started again in ${delay} ms`);
      await this.#sleep(delay);
    }
    reject(new Error(`${this.name} was stopped`));
  }

  /** Looked at before each start: it would only end again. */
  async #takenPort(): Promise<number | undefined> {
    for (const port of Object.values(this.planned.ports)) if (!(await isPortFree(port))) return port;
    return undefined;
  }

  async #run(onUp: () => void): Promise<ServiceExit> {
    const { service, env, ports, log, onChange, say } = this.#options;
    const output = await log.open();
    const portVariables = Object.entries(traitsOf(service).ports).map(([name, { variable }]) => {
      return [variable, String(ports[name])];
    });
    try {
      if (this.#stopping) return { code: 0, signal: null };
      this.#process = ServiceProcess.start({
        service,
        env: { ...env, ...Object.fromEntries(portVariables) },
        output: output.fd,
      });
    } finally {
      await output.close();
    }
    const { ready, exited, pid } = this.#process;
    ready.then(
      (up) => {
        const again = this.#ports === undefined;
        this.#ports = up.ports;
        onUp();
        onChange();
        if (again && this.#restarted) say(`${this.name} is up again (pid ${pid})`);
      },
      () => {},
    );
    const exit = await exited;
    this.#restarted = true;
    return exit;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}

function describe({ code, signal }: ServiceExit): string {
  return signal ?? `exit status ${code}`;
}
