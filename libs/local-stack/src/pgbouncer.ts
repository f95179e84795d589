import { existsSync } from 'node:fs';
import { chown, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { freePort } from './ports.js';
import { ServerProcess } from './server-process.js';
import { prepareDataDir, serviceAccount } from './service-account.js';

export interface PgbouncerOptions {
  /** for its configuration; the account it runs as must be able to pass through its parents */
  dir: string;
  /** of a PostgreSQL on this machine, with the user that asks whether it is ready */
  target: string;
  /** passwords of more users, by their names */
  users?: Readonly<Record<string, string>>;
  mode: 'session' | 'transaction' | 'statement';
  /** Settings besides those every server gets, or in their place. */
  settings?: Readonly<Record<string, string>>;
}

/** A pgbouncer of our own on the loopback address, from Debian's package. */
export class Pgbouncer {
  readonly port: number;
  readonly #target: string;
  readonly #process: ServerProcess;

  /** @throws Error when there is no pgbouncer on this machine, or with the end of its log when it does not start */
  static async start({ dir, target, users = {}, mode, settings = {} }: PgbouncerOptions): Promise<Pgbouncer> {
    const program = findProgram();
    const account = await serviceAccount(dir, ['postgres', 'nobody']);
    const folder = await prepareDataDir(dir, account);
    const port = await freePort(0);
    const { username, password, hostname, port: targetPort } = new URL(target);
    const files = {
      'users.txt': Object.entries({ [username]: password, ...users }).map(
        ([name, secret]) => `"${name}" "${secret}"`,
      ),
      'pgbouncer.ini': [
        '[databases]',
        `* = host=${hostname} port=${targetPort}`,
        '[pgbouncer]',
        ...Object.entries({
          listen_addr: '127.0.0.1',
          listen_port: String(port),
          unix_socket_dir: '',
          auth_type: 'scram-sha-256',
          auth_file: path.join(folder, 'users.txt'),
          pool_mode: mode,
          default_pool_size: '100',
          max_client_conn: '1000',
          ...settings,
        }).map(([name, value]) => `${name} = ${value}`),
      ],
    };
    for (const [name, lines] of Object.entries(files)) {
      const file = path.join(folder, name);
      await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
      if (account) await chown(file, account.uid, account.gid);
    }
    const process = await ServerProcess.start({
      name: 'pgbouncer',
      program,
      words: [path.join(folder, 'pgbouncer.ini')],
      account,
      cwd: folder,
      logFile: path.join(dir, 'pgbouncer.log'),
      isReady: () => answers(urlAt(target, port)),
    });
    return new Pgbouncer(port, target, process);
  }

  private constructor(port: number, target: string, process: ServerProcess) {
    this.port = port;
    this.#target = target;
    this.#process = process;
  }

  /** The target's, by way of it. */
  get url(): string {
    return urlAt(this.#target, this.port);
  }

  /** Ends it with all connections. */
  stop(): Promise<void> {
    return this.#process.end('SIGTERM');
  }
}

function urlAt(target: string, port: number): string {
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.toString();
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** `npm run test:full` installs it: Debian's package where it can. */
function findProgram(): string {
  if (process.env.PGBOUNCER) return process.env.PGBOUNCER;
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/bin'];
  const program = folders.map((folder) => path.join(folder, 'pgbouncer')).find((file) => existsSync(file));
  if (program) return program;
  throw new Error('there is no pgbouncer on this machine: run `npm run test:full`, or install pgbouncer');
}
