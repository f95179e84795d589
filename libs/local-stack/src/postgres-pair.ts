import { spawn } from 'node:child_process';
import { appendFile, chown, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { freePort } from './ports.js';
import { PostgresServer } from './postgres-server.js';
import { waitUntil } from './wait-until.js';

export interface PostgresPairOptions {
  /** has the data and the logs of both; the account PostgreSQL runs as must be able to pass through */
  dir: string;
  /** false: commits do not wait for the standby, which may lag behind */
  synchronous?: boolean;
  /** false: no fsync; a kill -9 of the processes loses nothing nevertheless */
  durable?: boolean;
  /** settings of both servers */
  settings?: Readonly<Record<string, string>>;
}

interface Member {
  readonly name: string;
  readonly port: number;
  server: PostgresServer | undefined;
}

/**
 * A PostgreSQL primary and a standby that streams from it. Who takes over does not wait for a standby until one has
 * joined, as with Patroni's `synchronous_mode` (not its strict form).
 */
export class PostgresPair {
  readonly #options: PostgresPairOptions;
  readonly #members: readonly [Member, Member];
  #primary: Member;

  static async start(options: PostgresPairOptions): Promise<PostgresPair> {
    // Below the ports that systems give to outgoing connections: each member comes back at its own.
    const first = await freePort(12_000 + Math.floor(Math.random() * 10_000));
    const second = await freePort(first + 1);
    const pair = new PostgresPair(options, first, second);
    try {
      await mkdir(options.dir, { recursive: true });
      await pair.#launch(pair.#primary);
      await pair.rejoin();
      return pair;
    } catch (error) {
      await pair.stop();
      throw error;
    }
  }

  private constructor(options: PostgresPairOptions, first: number, second: number) {
    this.#options = options;
    this.#members = [
      { name: 'postgres-a', port: first, server: undefined },
      { name: 'postgres-b', port: second, server: undefined },
    ];
    this.#primary = this.#members[0];
  }

  /** Both servers; a client has to find the one that takes writes. */
  get url(): string {
    const hosts = this.#members.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const { username, password, pathname } = new URL(this.primary.url);
    return `postgres://${username}:${password}@${hosts}${pathname}?target_session_attrs=read-write`;
  }

  /** Where the servers listen, for proxies in front of them; the order never changes. */
  get ports(): readonly [number, number] {
    return [this.#members[0].port, this.#members[1].port];
  }

  /** The server that takes writes, or did until it was killed. */
  get primary(): PostgresServer {
    return serverOf(this.#primary);
  }

  get standby(): PostgresServer {
    return serverOf(this.#other);
  }

  /** kill -9 of the primary and all its processes. */
  async killPrimary(): Promise<void> {
    await this.primary.kill();
  }

  /** Makes the standby the primary. @returns once it takes writes */
  async promote(): Promise<void> {
    await this.standby.query('SELECT pg_promote(true, 60)');
    this.#primary = this.#other;
  }

  /** Makes the other server a standby of the primary, from a fresh base backup. @returns once it streams */
  async rejoin(): Promise<void> {
    const member = this.#other;
    await member.server?.stop();
    await this.#baseBackup(member);
    await appendFile(
      path.join(this.#dataDir(member), 'postgresql.auto.conf'),
      `primary_conninfo = '${this.#conninfo(member)}'\n`,
    );
    await this.#launch(member, true);
    await waitUntil(
      async () => {
        const rows = await this.primary.query(
          `SELECT 1 FROM pg_stat_replication WHERE state = 'streaming' AND application_name = '${member.name}'`,
        );
        return rows.length > 0;
      },
      { what: `${member.name} streams`, timeoutMs: 30_000, everyMs: 50 },
    );
    if (this.#options.synchronous ?? true) await this.#waitForStandby(member.name);
  }

  /** Cuts the standby off from the primary: from now on it gets nothing of what is committed. Until `catchUp`. */
  async lag(): Promise<void> {
    await this.#streamFrom('');
    await waitUntil(() => this.standby.child('walreceiver') === undefined, { what: 'the end of the stream' });
  }

  /** The standby gets what it missed, and what is committed from now on. */
  async catchUp(): Promise<void> {
    await this.#streamFrom(this.#conninfo(this.#other));
  }

  async stop(): Promise<void> {
    for (const { server } of this.#members) await server?.stop();
  }

  get #other(): Member {
    return this.#primary === this.#members[0] ? this.#members[1] : this.#members[0];
  }

  #dataDir({ name }: Member): string {
    return path.join(this.#options.dir, name);
  }

  #conninfo({ name }: Member): string {
    const { port, username, password } = new URL(this.primary.url);
    return `host=127.0.0.1 port=${port} user=${username} password=${password} application_name=${name}`;
  }

  async #streamFrom(conninfo: string): Promise<void> {
    await this.standby.query(`ALTER SYSTEM SET primary_conninfo = '${conninfo}'`);
    await this.standby.query('SELECT pg_reload_conf()');
  }

  async #launch(member: Member, standby = false): Promise<void> {
    member.server = await PostgresServer.start({
      dataDir: this.#dataDir(member),
      port: member.port,
      logFile: path.join(this.#options.dir, `${member.name}.log`),
      durable: true,
      standby,
      settings: {
        wal_keep_size: '512MB',
        ...((this.#options.durable ?? true) ? {} : { fsync: 'off' }),
        ...this.#options.settings,
      },
    });
    if (member.server.port === member.port) return;
    throw new Error(`${member.name} came up at another port: ${member.port} is in use`);
  }

  async #waitForStandby(name: string): Promise<void> {
    await this.primary.query(`ALTER SYSTEM SET synchronous_standby_names = '"${name}"'`);
    await this.primary.query('SELECT pg_reload_conf()');
    await waitUntil(
      async () => {
        const rows = await this.primary.query(`SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'`);
        return rows.length > 0;
      },
      { what: `${name} is synchronous`, timeoutMs: 30_000, everyMs: 50 },
    );
  }

  /** By PostgreSQL's low-level functions: the package with the server has no pg_basebackup. */
  async #baseBackup(member: Member): Promise<void> {
    const [from, to] = [this.#dataDir(this.#primary), this.#dataDir(member)];
    await rm(to, { recursive: true, force: true });
    const client = new pg.Client({ connectionString: this.primary.url });
    await client.connect();
    try {
      // The copy must not wait for a standby once it is a primary.
      await client.query('ALTER SYSTEM RESET synchronous_standby_names');
      await client.query('SELECT pg_reload_conf()');
      await client.query(`SELECT pg_backup_start('${member.name}', true)`);
      await copyFolder(from, to);
      const { rows } = await client.query<{ labelfile: string }>(
        'SELECT labelfile FROM pg_backup_stop(false)',
      );
      for (const file of ['postmaster.pid', 'postmaster.opts', 'standby.signal']) {
        await rm(path.join(to, file), { force: true });
      }
      const { uid, gid } = await stat(to);
      for (const [file, text] of Object.entries({ backup_label: rows[0]!.labelfile, 'standby.signal': '' })) {
        await writeFile(path.join(to, file), text);
        await chown(path.join(to, file), uid, gid);
      }
    } finally {
      await client.end();
    }
  }
}

function serverOf({ name, server }: Member): PostgresServer {
  if (!server) throw new Error(`${name} was never started`);
  return server;
}

/** Copies a folder with its owners. That a file goes away meanwhile is no error: a backup's WAL makes up for it. */
async function copyFolder(from: string, to: string): Promise<void> {
  const child = spawn('cp', ['-a', from, to], { stdio: 'ignore' });
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
