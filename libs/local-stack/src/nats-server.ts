import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from './ports.js';
import { commandLine, guard, isAlive, stopProcess } from './processes.js';
import { waitUntil } from './wait-until.js';

export interface NatsServerOptions {
  /** for its configuration, its pid and its ports */
  dir: string;
  /** the next free one is taken when it is in use; 0: the system chooses */
  port: number;
  logFile: string;
  /** Seconds after the death of this process until the server is ended. */
  guardSeconds?: number;
  /** Further lines of its configuration. */
  settings?: readonly string[];
}

/** Bytes of the largest event; NATS's own default is 1 MiB, less than a full batch. */
const maxPayload = 8 * 1024 * 1024;

/** A nats-server of our own on the loopback address. */
export class NatsServer {
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended, for any reason. */
  readonly exited: Promise<void>;

  /**
   * Starts a server; one that an earlier owner of `dir` left running is stopped first.
   * @throws Error when there is no nats-server on this machine, or with its log's end when it does not start
   */
  static async start({
    dir,
    port,
    logFile,
    guardSeconds = 0,
    settings = [],
  }: NatsServerOptions): Promise<NatsServer> {
    const program = findProgram();
    await mkdir(dir, { recursive: true });
    await mkdir(path.dirname(logFile), { recursive: true });
    const pidFile = path.join(dir, 'nats-server.pid');
    const configFile = path.join(dir, 'nats-server.conf');
    await stopStaleServer(pidFile, configFile);
    await removePortsFiles(dir);
    await writeFile(
      configFile,
      [
        'host: "127.0.0.1"',
        `port: ${port === 0 ? -1 : await freePort(port)}`,
        `max_payload: ${maxPayload}`,
        'max_pending: 268435456',
        'write_deadline: "10s"',
        `pid_file: ${JSON.stringify(pidFile)}`,
        `ports_file_dir: ${JSON.stringify(dir)}`,
        ...settings,
        '',
      ].join('\n'),
    );
    const log = await open(logFile, 'a');
    const child = spawn(program, ['-c', configFile], { detached: true, stdio: ['ignore', log.fd, log.fd] });
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    await log.close();
    try {
      const bound = await waitUntil(
        async () => {
          if (!child.pid || !isAlive(child.pid)) return 'ended' as const;
          return portIn(dir);
        },
        { timeoutMs: 15_000, what: 'nats-server ready' },
      );
      if (bound === 'ended') throw new Error('the server ended at once');
      return new NatsServer(child.pid!, bound, exited, guardSeconds);
    } catch (error) {
      if (child.pid) await stopProcess(child.pid, 'SIGTERM', 2_000);
      const text = await readFile(logFile, 'utf8').catch(() => '');
      throw new Error(`nats-server did not start:\n${text.split('\n').slice(-10).join('\n')}`, {
        cause: error,
      });
    }
  }

  private constructor(pid: number, port: number, exited: Promise<void>, guardSeconds: number) {
    this.pid = pid;
    this.port = port;
    const removeGuard = guard(pid, 'TERM', guardSeconds);
    this.exited = exited.then(removeGuard);
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    await stopProcess(this.pid, 'SIGTERM', 5_000);
    await this.exited;
  }
}

/** From PATH, or from the places Debian's package and others use that are not on everybody's PATH. */
function findProgram(): string {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/bin'];
  const program = folders.map((folder) => path.join(folder, 'nats-server')).find((file) => existsSync(file));
  if (program) return program;
  throw new Error('there is no nats-server on this machine: install it, or set NATS_URL');
}

async function stopStaleServer(pidFile: string, configFile: string): Promise<void> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (pid > 0 && commandLine(pid)?.includes(configFile)) await stopProcess(pid, 'SIGTERM', 5_000);
}

async function removePortsFiles(dir: string): Promise<void> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.ports'));
  await Promise.all(files.map((file) => rm(path.join(dir, file), { force: true })));
}

/** The port nats-server says it listens on; it writes the file when it does. */
async function portIn(dir: string): Promise<number | undefined> {
  const file = (await readdir(dir)).find((name) => name.endsWith('.ports'));
  if (!file) return undefined;
  const { nats, tls } = JSON.parse(await readFile(path.join(dir, file), 'utf8')) as Record<string, string[]>;
  const url = nats?.[0] ?? tls?.[0];
  return url ? Number(new URL(url).port) : undefined;
}
