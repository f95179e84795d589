import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { commandLine, guard, isAlive, stopProcess } from './processes.js';
import type { Account } from './service-account.js';
import { waitUntil } from './wait-until.js';

export interface ServerProgram {
  /** in errors: `MariaDB` */
  name: string;
  program: string;
  words: readonly string[];
  account: Account | undefined;
  cwd: string;
  logFile: string;
  /** asked every 20 ms */
  isReady(): Promise<boolean>;
}

const readyMs = 60_000;
const stopMs = 20_000;

/** A server program of Debian's that runs until it is stopped; it dies with this process. */
export class ServerProcess {
  readonly pid: number;
  /** Resolves when the server has ended, for any reason. */
  readonly exited: Promise<void>;

  /** @throws Error with the end of the server's log when it does not become ready within a minute */
  static async start(given: ServerProgram): Promise<ServerProcess> {
    await mkdir(path.dirname(given.logFile), { recursive: true });
    const log = await open(given.logFile, 'a');
    const child = spawn(given.program, given.words, {
      ...given.account,
      cwd: given.cwd,
      // In a process group of its own: Ctrl-C in a terminal is for us, who stop it after its users.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    await log.close();
    const outcome = await waitUntil(
      async () => {
        if (!child.pid || !isAlive(child.pid)) return 'ended at once';
        return (await given.isReady()) && 'ready';
      },
      { timeoutMs: readyMs, everyMs: 20, what: `${given.name} ready` },
    ).catch(() => `silent for ${readyMs} ms`);
    if (outcome === 'ready') return new ServerProcess(child.pid!, exited);
    if (child.pid) await stopProcess(child.pid, 'SIGKILL', 5_000);
    throw new Error(`${given.name} did not start (${outcome}):\n${await endOfFile(given.logFile)}`);
  }

  private constructor(pid: number, exited: Promise<void>) {
    this.pid = pid;
    const removeGuard = guard(pid, 'KILL');
    this.exited = exited.then(removeGuard);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    await stopProcess(this.pid, signal, stopMs);
    await this.exited;
  }
}

/** After a kill -9 of its owner the server of `pidFile` may still run; its command line has `mark`. */
export async function stopStaleServer(pidFile: string, mark: string): Promise<void> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (pid > 0 && commandLine(pid)?.includes(mark)) await stopProcess(pid, 'SIGTERM', stopMs);
  await rm(pidFile, { force: true });
}

/** The first that a server at the port says, after it was sent `question`; undefined when nobody answers. */
export function firstAnswer(port: number, question?: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2_000 });
    const end = (answer?: Buffer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => question && socket.write(question));
    socket.once('data', end);
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => end());
  });
}

async function endOfFile(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').slice(-15).join('\n');
}
