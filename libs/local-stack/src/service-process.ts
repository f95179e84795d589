import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { stopProcess } from './processes.js';
import type { ServiceName } from './service-table.js';

const top = path.resolve(import.meta.dirname, '../../..');

export interface ServiceProcessOptions {
  service: ServiceName;
  /** all of its environment; undefined counts as not given */
  env: Readonly<Record<string, string | undefined>>;
  /** file descriptor that takes its output; 'none': only an error on the way up is kept, for `ready` */
  output: number | 'none' | 'inherit';
  /** Node's own, such as --cpu-prof */
  nodeOptions?: readonly string[];
  /** the folder of another checkout of this repository, built, from which it is started */
  checkout?: string | undefined;
}

export interface ServiceExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const lastWordsLength = 4_000;

interface ReadyMessage {
  ready: true;
  instance: number;
  ports: Record<string, number>;
}

/**
 * A service as a process of its own (`node services/X/dist/main.js`), with an IPC channel: by it the
 * service tells its ports when it is up, and notices when we die.
 */
export class ServiceProcess {
  readonly service: ServiceName;
  readonly pid: number;
  /** Its ports and its instance number; rejects when it ends before it is up. */
  readonly ready: Promise<{ instance: number; ports: Record<string, number> }>;
  readonly exited: Promise<ServiceExit>;
  readonly #child: ChildProcess;
  #lastWords = '';

  /** @throws Error when the service is not built */
  static start({ service, env, output, nodeOptions = [], checkout }: ServiceProcessOptions): ServiceProcess {
    const child = fork(mainOf(service, checkout), [], {
      env: { ...env },
      execArgv: ['--enable-source-maps', ...nodeOptions],
      // In a process group of its own: Ctrl-C in a terminal is for us, who stop it in order.
      detached: true,
      stdio: output === 'none' ? ['ignore', 'ignore', 'pipe', 'ipc'] : ['ignore', output, output, 'ipc'],
    });
    return new ServiceProcess(service, child);
  }

  private constructor(service: ServiceName, child: ChildProcess) {
    this.service = service;
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', () => resolve({ code: 1, signal: null }));
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-lastWordsLength);
    });
    this.ready = new Promise((resolve, reject) => {
      child.on('message', (message: Partial<ReadyMessage>) => {
        if (message.ready) resolve({ instance: message.instance!, ports: message.ports! });
      });
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(
          new Error(
            `${service} ended before it was up (${signal ?? `exit status ${code}`})\n${this.#lastWords}`,
          ),
        ),
      );
    });
    // Whoever does not wait for it learns of the end by `exited`.
    this.ready.catch(() => {});
  }

  /** What it said last where an error belongs, when its output is 'none'. */
  get lastWords(): string {
    return this.#lastWords;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  /**
   * SIGTERM, then SIGKILL after `timeoutMs` milliseconds.
   * @returns whether it stopped by itself
   */
  async stop(timeoutMs: number): Promise<boolean> {
    if (!this.isRunning) return true;
    return stopProcess(this.pid, 'SIGTERM', timeoutMs);
  }
}

/** The built start file of a service, of this checkout unless another is named. */
export function mainOf(service: ServiceName, checkout = top): string {
  return path.join(checkout, 'services', service, 'dist', 'main.js');
}
