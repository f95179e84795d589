import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandLine, isServiceName, startOf, stopProcess } from '@teamtalk/local-stack';

/** One line of processes.json. */
export interface ProcessEntry {
  service: string;
  replica: number;
  pid: number;
  ports: Readonly<Record<string, number>>;
}

/** What other programs need in order to use the installation that runs. */
export interface EnvironmentEntry {
  databaseUrl: string;
  natsUrl: string;
  /** of the user for commands; left out where NATS is not ours */
  natsUser?: string;
  natsPassword?: string;
  loginServer: string;
  httpMsgServer: string;
}

/** The folder `.data/run`: what runs at present, for other programs, and the lock that only one does. */
export class RunFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /**
   * Makes this process the one that runs here.
   * @throws Error naming the process that already does
   */
  lock(): void {
    const file = path.join(this.#folder, 'dev.lock');
    const own = `${file}.${process.pid}`;
    writeFileSync(own, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }));
    try {
      while (!linked(own, file)) removeStaleLock(file);
    } finally {
      rmSync(own, { force: true });
    }
  }

  unlock(): void {
    rmSync(path.join(this.#folder, 'dev.lock'), { force: true });
  }

  writeProcesses(entries: readonly ProcessEntry[]): void {
    this.#write('processes.json', entries);
  }

  writeEnvironment(entry: EnvironmentEntry): void {
    // Readable by the owner only: it holds passwords.
    this.#write('environment.json', entry, 0o600);
  }

  /** Nothing runs any more. */
  clear(): void {
    this.writeProcesses([]);
    rmSync(path.join(this.#folder, 'environment.json'), { force: true });
  }

  /** Stops the services that an owner left behind which was killed. @returns how many there were */
  async stopLeftovers(): Promise<number> {
    const entries = read<ProcessEntry[]>(path.join(this.#folder, 'processes.json')) ?? [];
    const left = entries.filter(
      // The process id may have been reused.
      ({ pid, service }) => isServiceName(service) && commandLine(pid)?.includes(`/${service}/dist/main.js`),
    );
    await Promise.all(left.map(({ pid }) => stopProcess(pid, 'SIGTERM', 3_000)));
    return left.length;
  }

  /** Readers see the old content or the new one, never a part. */
  #write(name: string, content: unknown, mode = 0o644): void {
    const file = path.join(this.#folder, name);
    writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode });
    renameSync(`${file}.new`, file);
  }
}

/** Creates `to` together with its content, as link(2) is atomic. @returns false when `to` exists already */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function removeStaleLock(file: string): void {
  const owner = read<{ pid: number; start: string }>(file);
  if (owner && startOf(owner.pid) === owner.start) {
    throw new Error(
      `TeamTalk already runs here (process ${owner.pid}): stop it with Ctrl-C or \`kill ${owner.pid}\` first.`,
    );
  }
  rmSync(file, { force: true });
}

function read<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
