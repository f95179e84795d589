import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { startEtcd } from './etcd.js';
import { freePort } from './ports.js';
import { childrenOf, guard, isGone, send, stopProcess } from './processes.js';
import type { ServerProcess } from './server-process.js';
import { type Account, prepareDataDir, serviceAccount } from './service-account.js';
import { waitUntil } from './wait-until.js';

interface PatroniNode {
  readonly name: string;
  readonly port: number;
  readonly restPort: number;
  readonly folder: string;
  patroni: ChildProcess | undefined;
  removeGuard: () => void;
}

const user = 'teamtalk';
const password = 'teamtalk';
const database = 'teamtalk';
const readyMs = 120_000;
const stopMs = 20_000;

/** Seconds of silence after which the leader is replaced; Patroni's minimum. */
const ttl = 20;

/**
 * Two PostgreSQL servers managed by Patroni, a leader and its synchronous standby, with an etcd, from Debian's packages.
 * Patroni's `synchronous_mode` is on: while there is no standby, the leader commits alone.
 */
export class PatroniCluster {
  readonly #nodes: readonly [PatroniNode, PatroniNode];
  readonly #etcd: ServerProcess;
  readonly #etcdPort: number;
  readonly #account: Account | undefined;
  readonly #programs: Programs;
  #leader = 0;

  /** @throws Error when a program is missing or does not start; the latter quotes the end of its log */
  static async start(dir: string): Promise<PatroniCluster> {
    const programs = findPrograms();
    const account = await serviceAccount(path.join(dir, 'a'), ['postgres', 'nobody']);
    // Below the ephemeral ports, so that each server can be restarted on its own port.
    let next = 12_000 + Math.floor(Math.random() * 10_000);
    const takePort = async () => {
      const port = await freePort(next);
      next = port + 1;
      return port;
    };
    const etcdPort = await takePort();
    const etcd = await startEtcd(programs.etcd, dir, etcdPort, await takePort(), account);
    const makeNode = async (name: string): Promise<PatroniNode> => ({
      name,
      port: await takePort(),
      restPort: await takePort(),
      folder: await prepareDataDir(path.join(dir, name), account),
      patroni: undefined,
      removeGuard: () => {},
    });
    const nodes = [await makeNode('a'), await makeNode('b')] as const;
    const cluster = new PatroniCluster(nodes, etcd, etcdPort, account, programs);
    try {
      await cluster.startNode(0);
      await cluster.untilLeader();
      await cluster.#ensureDatabase();
      await cluster.startNode(1);
      await cluster.untilSynchronous();
      return cluster;
    } catch (error) {
      const logs = await Promise.all(nodes.map(({ folder }) => endOfFile(logOf(folder))));
      await cluster.stop();
      throw new Error(`Patroni did not start:\n${logs.join('\n')}`, { cause: error });
    }
  }

  private constructor(
    nodes: readonly [PatroniNode, PatroniNode],
    etcd: ServerProcess,
    etcdPort: number,
    account: Account | undefined,
    programs: Programs,
  ) {
    this.#nodes = nodes;
    this.#etcd = etcd;
    this.#etcdPort = etcdPort;
    this.#account = account;
    this.#programs = programs;
  }

  /** Ports of the servers, in a fixed order. */
  get ports(): readonly [number, number] {
    return [this.#nodes[0].port, this.#nodes[1].port];
  }

  /** Index of the leader that `untilLeader` last found. */
  get leader(): number {
    return this.#leader;
  }

  /** Connection URL of one server. */
  urlAt(port: number, databaseName = database): string {
    return `postgres://${user}:${password}@127.0.0.1:${port}/${databaseName}`;
  }

  /** Waits for a leader that accepts writes. @returns its index */
  async untilLeader(): Promise<number> {
    return waitUntil(
      async () => {
        for (const [k, node] of this.#nodes.entries()) {
          if (!(await says(node, 'primary'))) continue;
          const rows = await query(
            this.urlAt(node.port, 'postgres'),
            'SELECT pg_is_in_recovery() AS standby',
          );
          if (rows[0]?.standby !== false) continue;
          this.#leader = k;
          // In an array, because the index 0 is falsy.
          return [k];
        }
        return undefined;
      },
      { what: 'a leader', timeoutMs: readyMs, everyMs: 100 },
    ).then(([k]) => k!);
  }

  /** Waits until the leader's commits wait for the standby. */
  async untilSynchronous(): Promise<void> {
    await this.untilLeader();
    const standby = this.#nodes[1 - this.#leader]!;
    await waitUntil(
      async () => {
        if (!(await says(standby, 'synchronous'))) return false;
        const rows = await this.query("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'");
        return rows.length > 0;
      },
      { what: 'a synchronous standby', timeoutMs: readyMs, everyMs: 100 },
    );
  }

  /** Kills everything on a node with SIGKILL, as if its machine had failed. */
  async kill(k: number): Promise<void> {
    const node = this.#nodes[k]!;
    // Patroni first: it would restart its server.
    if (node.patroni?.pid) await stopProcess(node.patroni.pid, 'SIGKILL', stopMs);
    node.removeGuard();
    node.patroni = undefined;
    await killServer(node.folder);
  }

  /** Starts Patroni on a node, which makes its server leader or standby; see `untilLeader` and `untilSynchronous`. */
  async startNode(k: number): Promise<void> {
    const node = this.#nodes[k]!;
    const file = path.join(node.folder, 'patroni.yml');
    // JSON is valid YAML.
    await writeFile(file, JSON.stringify(this.#configuration(node)), { mode: 0o600 });
    if (this.#account) await chown(file, this.#account.uid, this.#account.gid);
    const log = await open(logOf(node.folder), 'a');
    const child = spawn(this.#programs.patroni, [file], {
      ...this.#account,
      cwd: node.folder,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    await log.close();
    node.patroni = child;
    // On SIGTERM Patroni also stops its server.
    node.removeGuard = guard(child.pid!, 'TERM');
  }

  /** Runs one statement on the leader as superuser. */
  async query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
    return query<Row>(this.urlAt(this.#nodes[this.#leader]!.port), text);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#nodes.map(async (node) => {
        if (node.patroni?.pid) await stopProcess(node.patroni.pid, 'SIGTERM', stopMs);
        node.removeGuard();
        await killServer(node.folder);
      }),
    );
    await this.#etcd.end('SIGTERM');
  }

  async #ensureDatabase(): Promise<void> {
    const url = this.urlAt(this.#nodes[this.#leader]!.port, 'postgres');
    await query(url, `CREATE DATABASE ${database}`);
  }

  #configuration({ name, port, restPort, folder }: PatroniNode) {
    const access = [
      'host replication replicator 127.0.0.1/32 scram-sha-256',
      'host all all 127.0.0.1/32 scram-sha-256',
    ];
    return {
      scope: 'teamtalk-test',
      name,
      restapi: { listen: `127.0.0.1:${restPort}`, connect_address: `127.0.0.1:${restPort}` },
      etcd3: { hosts: `127.0.0.1:${this.#etcdPort}` },
      bootstrap: {
        dcs: {
          ttl,
          loop_wait: 2,
          retry_timeout: 5,
          synchronous_mode: true,
          // Fail over at once instead of waiting for a crashed leader to restart.
          primary_start_timeout: 0,
          postgresql: {
            use_pg_rewind: true,
            parameters: {
              max_connections: 400,
              shared_buffers: '128MB',
              max_wal_size: '2GB',
              wal_keep_size: '512MB',
              wal_log_hints: 'on',
            },
          },
        },
        initdb: [{ encoding: 'UTF8' }, { locale: 'C' }],
      },
      postgresql: {
        listen: `127.0.0.1:${port}`,
        connect_address: `127.0.0.1:${port}`,
        data_dir: path.join(folder, 'data'),
        bin_dir: this.#programs.postgresFolder,
        // Do not wait for a spread-out checkpoint.
        basebackup: [{ checkpoint: 'fast' }],
        pgpass: path.join(folder, 'pgpass'),
        pg_hba: access,
        authentication: {
          superuser: { username: user, password },
          replication: { username: 'replicator', password },
        },
        parameters: { unix_socket_directories: folder },
      },
    };
  }
}

/** Whether a node has this role according to its Patroni; false when Patroni does not respond. */
async function says({ restPort }: PatroniNode, part: 'primary' | 'synchronous'): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${restPort}/${part}`).catch(() => undefined))?.ok ?? false;
}

/** Kills a node's PostgreSQL server, which survives when its Patroni is killed. */
async function killServer(folder: string): Promise<void> {
  const lock = await readFile(path.join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(lock, 10);
  if (!(pid > 0)) return;
  const processes = [pid, ...childrenOf(pid)];
  for (const each of processes) send(each, 'SIGKILL');
  for (const each of processes) await isGone(each, stopMs);
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

interface Programs {
  patroni: string;
  etcd: string;
  /** folder of postgres, pg_rewind and pg_basebackup */
  postgresFolder: string;
}

function findPrograms(): Programs {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/bin', '/usr/local/bin'];
  const find = (name: string) =>
    folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
  const versions = [18, 17, 16, 15].map((version) => `/usr/lib/postgresql/${version}/bin`);
  const postgresFolder = [...versions, ...folders].find((folder) =>
    existsSync(path.join(folder, 'pg_rewind')),
  );
  const [patroni, etcd] = [process.env.PATRONI ?? find('patroni'), process.env.ETCD ?? find('etcd')];
  if (patroni && etcd && postgresFolder) return { patroni, etcd, postgresFolder };
  throw new Error(
    'this needs Patroni, etcd and PostgreSQL’s tools. Debian: apt-get install --no-install-recommends patroni python3-etcd etcd-server postgresql; then stop and disable the services this has started',
  );
}

function logOf(folder: string): string {
  return path.join(folder, 'patroni.log');
}

async function endOfFile(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').slice(-15).join('\n');
}
