import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from './ports.js';
import { firstAnswer, ServerProcess, stopStaleServer } from './server-process.js';
import { type Account, prepareDataDir, serviceAccount } from './service-account.js';

export interface MariadbServerOptions {
  /** made and initialised when it does not exist */
  dataDir: string;
  /** the next free one is taken when it is in use; 0: the system chooses */
  port: number;
  logFile: string;
  /** Settings besides those every server gets, or in their place. */
  settings?: Readonly<Record<string, string>>;
}

const user = 'teamtalk';
const password = 'teamtalk';
const database = 'teamtalk';

/**
 * A MariaDB server of our own on the loopback address, from Debian's package, set as a legacy installation is: without
 * strict mode, so that what is too long is cut off silently. What it has committed may be lost when the machine crashes.
 */
export class MariadbServer {
  readonly port: number;
  readonly #process: ServerProcess;

  /**
   * Starts a server on the data folder; one that an earlier owner of the folder left running is stopped first.
   * @throws Error when there is no MariaDB on this machine, or with the end of its log when it does not start
   */
  static async start(options: MariadbServerOptions): Promise<MariadbServer> {
    const programs = findPrograms();
    const account = await serviceAccount(options.dataDir, ['mysql', 'nobody']);
    const dataDir = await prepareDataDir(options.dataDir, account);
    const pidFile = path.join(dataDir, 'server.pid');
    await stopStaleServer(pidFile, dataDir);
    await initialise(programs.install, dataDir, account);
    const port = await freePort(options.port);
    const process = await ServerProcess.start({
      name: 'MariaDB',
      program: programs.server,
      words: words(dataDir, pidFile, port, options.settings),
      account,
      cwd: '/',
      logFile: options.logFile,
      // It opens its port, and greets who comes, when the database is there.
      isReady: async () => (await firstAnswer(port)) !== undefined,
    });
    return new MariadbServer(port, process);
  }

  private constructor(port: number, process: ServerProcess) {
    this.port = port;
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Of the account that may do everything. */
  get url(): string {
    return `mysql://${user}:${password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Ends all connections and the server; what is committed stays. */
  stop(): Promise<void> {
    return this.#process.end('SIGTERM');
  }

  /** Ends it with kill -9; what is committed stays. */
  kill(): Promise<void> {
    return this.#process.end('SIGKILL');
  }
}

/** `npm run test:full` installs it: Debian's package where it can. */
function findPrograms(): { server: string; install: string } {
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    '/usr/sbin',
    '/usr/bin',
    '/usr/local/bin',
  ];
  const find = (name: string) =>
    folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
  const server = process.env.MARIADBD ?? find('mariadbd');
  const install = find('mariadb-install-db');
  if (server && install) return { server, install };
  throw new Error('there is no MariaDB on this machine: run `npm run test:full`, or install mariadb-server');
}

async function initialise(program: string, dataDir: string, account: Account | undefined): Promise<void> {
  const accounts = path.join(dataDir, 'accounts.sql');
  if (existsSync(accounts)) return;
  const given = ['--no-defaults', `--datadir=${dataDir}`, '--auth-root-authentication-method=normal'];
  const { status, stderr, error } = spawnSync(program, [...given, '--skip-test-db', '--skip-name-resolve'], {
    ...account,
    cwd: '/',
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`mariadb-install-db failed (${status}):\n${stderr}`, { cause: error });
  await writeFile(
    accounts,
    [
      `CREATE DATABASE IF NOT EXISTS ${database} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;`,
      `CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY '${password}';`,
      `GRANT ALL ON *.* TO '${user}'@'%' WITH GRANT OPTION;`,
      '',
    ].join('\n'),
  );
}

function words(
  dataDir: string,
  pidFile: string,
  port: number,
  more: Readonly<Record<string, string>> = {},
): string[] {
  const settings = {
    datadir: dataDir,
    'pid-file': pidFile,
    socket: path.join(dataDir, 'server.sock'),
    'bind-address': '127.0.0.1',
    port: String(port),
    'init-file': path.join(dataDir, 'accounts.sql'),
    'sql-mode': '',
    'character-set-server': 'utf8mb4',
    'collation-server': 'utf8mb4_bin',
    'skip-name-resolve': '1',
    'skip-log-bin': '1',
    'secure-file-priv': '',
    'local-infile': '1',
    'innodb-buffer-pool-size': '256M',
    'innodb-log-file-size': '256M',
    'innodb-flush-log-at-trx-commit': '2',
    ...more,
  };
  return ['--no-defaults', ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)];
}
