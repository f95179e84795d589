import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { dataFolder } from '@teamtalk/cluster';
import { openDataSource } from '@teamtalk/db_proxy_server';
import type { WatchedProcess } from '@teamtalk/load-generator';
import { freePort, type PostgresServer, stopProcess, waitUntil } from '@teamtalk/local-stack';

const script = '/usr/sbin/ejabberdctl';
const tables = '/usr/share/ejabberd/sql/pg.sql';
type DataSource = Awaited<ReturnType<typeof openDataSource>>;

export const domain = 'localhost';

/** Whether Debian's packages ejabberd and erlang-p1-pgsql are there. */
export function hasEjabberd(): boolean {
  return existsSync(script) && existsSync(tables);
}

/**
 * An ejabberd that archives every message in a database of its own on the benchmark's PostgreSQL (XEP-0313, always, for
 * sender and receiver) before it acknowledges it (XEP-0198). No TLS, no limits on clients, nothing else to do.
 */
export class Ejabberd {
  readonly port: number;
  readonly watched: WatchedProcess;
  readonly #database: DataSource;
  readonly #stop: () => Promise<unknown>;

  /** @param users `u1` to `u<users>`, all with this password */
  static async start(
    { url }: Pick<PostgresServer, 'url'>,
    { users, password }: { users: number; password: string },
  ): Promise<Ejabberd> {
    const folder = path.join(dataFolder, 'ejabberd');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const database = await createDatabase(url);
    await database.query(
      `INSERT INTO users (username, password) SELECT 'u' || i, $2 FROM generate_series(1, $1) AS i`,
      [users, password],
    );
    const port = await freePort(0);
    const config = path.join(folder, 'ejabberd.yml');
    await writeFile(config, configuration(port, new URL(url)));
    const log = openSync(path.join(folder, 'console.log'), 'a');
    const emulator = ['+K', 'true', '+P', '250000', '-noinput'];
    const child = spawn('erl', [...emulator, '-mnesia', 'dir', `"${folder}/mnesia"`, '-s', 'ejabberd'], {
      cwd: folder,
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        ERL_LIBS: /^ERL_LIBS='(.*)'$/m.exec(await readFile(script, 'utf8'))?.[1],
        EJABBERD_CONFIG_PATH: config,
        EJABBERD_LOG_PATH: path.join(folder, 'ejabberd.log'),
      },
    });
    const stop = () => stopProcess(child.pid!, 'SIGTERM', 10_000);
    try {
      const accepts = () => child.exitCode !== null || isListening(port);
      await waitUntil(accepts, { timeoutMs: 60_000, what: `ejabberd (see ${folder})` });
      if (child.exitCode !== null) throw new Error(`ejabberd ended, see ${folder}`);
      return new Ejabberd(port, child.pid!, database, stop);
    } catch (error) {
      await stop();
      await database.destroy();
      throw error;
    }
  }

  private constructor(port: number, pid: number, database: DataSource, stop: () => Promise<unknown>) {
    this.port = port;
    this.watched = { name: 'ejabberd', pid };
    this.#database = database;
    this.#stop = stop;
  }

  /** How many messages are in the archives of both, sender and receiver. */
  async archived(): Promise<number> {
    const [{ count }] = await this.#database.query('SELECT count(*)::int4 FROM archive');
    return Math.floor(count / 2);
  }

  async stop(): Promise<void> {
    await this.#database.destroy();
    await this.#stop();
  }
}

/** A new database with ejabberd's tables. */
async function createDatabase(url: string): Promise<DataSource> {
  const admin = await openDataSource(url);
  await admin.query('DROP DATABASE IF EXISTS ejabberd WITH (FORCE)');
  await admin.query('CREATE DATABASE ejabberd');
  await admin.destroy();
  const own = new URL(url);
  own.pathname = '/ejabberd';
  const database = await openDataSource(own.href);
  await database.query(await readFile(tables, 'utf8'));
  return database;
}

function configuration(port: number, { hostname, port: sqlPort, username, password }: URL): string {
  return `
hosts: [${domain}]
loglevel: warning
log_rotate_count: 0
acme: {auto: false}
listen:
  - {port: ${port}, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 262144, backlog: 1000}
auth_method: sql
auth_password_format: plain
sql_type: pgsql
sql_server: "${hostname}"
sql_port: ${sqlPort}
sql_database: ejabberd
sql_username: "${username}"
sql_password: "${password}"
sql_pool_size: 10
default_db: sql
modules:
  mod_mam: {default: always, assume_mam_usage: true, db_type: sql}
  mod_offline: {}
  mod_roster: {}
  mod_stream_mgmt: {}
`;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
