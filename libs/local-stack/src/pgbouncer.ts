import { existsSync } from 'node:fs';
import { chown, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { freePort } from './ports.js';
import { ServerProcess } from './server-process.js';
import { prepareDataDir, serviceAccount } from './service-account.js';

export interface PgbouncerOptions {
  /** folder for its configuration; the account it runs as has to be able to traverse its parents */
  dir: string;
  /** URL of a PostgreSQL server on this machine, with the user that checks whether pgbouncer is ready */
  target: string;
  /** passwords of further users, by name */
  users?: Readonly<Record<string, string>>;
  mode: 'session' | 'transaction' | 'statement';
  /** Settings that extend or override the defaults. */
  settings?: Readonly<Record<string, string>>;
}

/** A private pgbouncer on the loopback address, from Debian's package. */
export class Pgbouncer {
  readonly port: number;
  readonly #target: string;
  readonly #process: ServerProcess;

  /** @throws Error when pgbouncer is not installed or does not start; the latter quotes the end of its log */
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

  /** URL of the target through pgbouncer. */
  get url(): string {
    return urlAt(this.#target, this.port);
  }

  /** Stops it and closes all connections. */
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

/** Finds the program, which `npm run test:full` installs from Debian's package where possible. */
function findProgram(): string {
  if (process.env.PGBOUNCER) return process.env.PGBOUNCER;
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/bin'];
  const program = folders.map((folder) => path.join(folder, 'pgbouncer')).find((file) => existsSync(file));
  if (program) return program;
  throw new Error('pgbouncer is not installed: run `npm run test:full`, or install pgbouncer');
}
