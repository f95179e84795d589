import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  FaultyProxy,
  type Infrastructure,
  NatsServer,
  PostgresPair,
  PostgresServer,
  type TestDatabase,
  type TestNats,
} from '../infrastructure/index.js';
import { migrate } from '../migrate.js';

export interface ChaosServersOptions {
  /** PostgreSQL's data is on a file system of its own of 400 MB; needs the right to mount one */
  smallDisk?: boolean;
  /** PostgreSQL is a primary and a synchronous standby; services find by themselves which of them takes writes */
  standby?: boolean;
}

/**
 * A PostgreSQL that loses nothing it has committed and a NATS, of one cluster alone and each behind a proxy:
 * both can be killed and started again, and the ways to them disturbed.
 */
export class ChaosServers implements Infrastructure {
  readonly postgresLink: FaultyProxy;
  readonly natsLink: FaultyProxy;
  /** the file system of PostgreSQL's data, when it has one of its own */
  readonly disk: string | undefined;
  readonly #dir: string;
  readonly #dataDir: string;
  #postgres: PostgresServer | undefined;
  #pair: PostgresPair | undefined;
  #nats!: NatsServer;

  static async start({
    smallDisk = false,
    standby = false,
  }: ChaosServersOptions = {}): Promise<ChaosServers> {
    const dir = await mkdtemp(path.join(tmpdir(), `teamtalk-test-${process.pid}-`));
    // PostgreSQL, when it runs as another user, has to pass through.
    await chmod(dir, 0o711);
    const links: [ChaosServers | undefined] = [undefined];
    const at = (port: (servers: ChaosServers) => number) =>
      FaultyProxy.start(() => (links[0] ? [{ host: '127.0.0.1', port: port(links[0]) }] : []));
    const servers = new ChaosServers(
      dir,
      smallDisk ? await mountDisk(dir) : undefined,
      await at((all) => all.postgres.port),
      await at((all) => all.#nats.port),
    );
    links[0] = servers;
    try {
      await Promise.all([standby ? servers.#startPair() : servers.startPostgres(), servers.startNats()]);
      await migrate(servers.postgres.url);
      return servers;
    } catch (error) {
      await servers.close();
      throw error;
    }
  }

  private constructor(
    dir: string,
    disk: string | undefined,
    postgresLink: FaultyProxy,
    natsLink: FaultyProxy,
  ) {
    this.#dir = dir;
    this.disk = disk;
    this.#dataDir = path.join(disk ?? dir, 'postgres');
    this.postgresLink = postgresLink;
    this.natsLink = natsLink;
  }

  /** the one that takes writes */
  get postgres(): PostgresServer {
    const server = this.#pair?.primary ?? this.#postgres;
    if (!server) throw new Error('PostgreSQL was never started');
    return server;
  }

  get pair(): PostgresPair | undefined {
    return this.#pair;
  }

  get natsServer(): NatsServer {
    return this.#nats;
  }

  async nats(): Promise<TestNats> {
    return { url: `nats://127.0.0.1:${this.natsLink.port}`, prefix: 'chaos' };
  }

  async database(): Promise<TestDatabase> {
    const url = new URL(this.postgres.url);
    const name = url.pathname.slice(1);
    url.port = String(this.postgresLink.port);
    return { name, url: this.#pair?.url ?? url.toString(), drop: async () => {} };
  }

  /** Starts it, or starts it again on the same data. */
  async startPostgres(): Promise<void> {
    this.#postgres = await PostgresServer.start({
      dataDir: this.#dataDir,
      port: 0,
      logFile: path.join(this.#dir, 'postgres.log'),
      durable: true,
    });
  }

  async #startPair(): Promise<void> {
    this.#pair = await PostgresPair.start({ dir: path.join(this.#dir, 'pair') });
  }

  async startNats(): Promise<void> {
    const dir = path.join(this.#dir, 'nats');
    this.#nats = await NatsServer.start({ dir, port: 0, logFile: path.join(this.#dir, 'nats.log') });
  }

  async close(): Promise<void> {
    await this.#postgres?.stop();
    await this.#pair?.stop();
    await this.#nats?.stop();
    await this.postgresLink.close();
    await this.natsLink.close();
    if (this.disk) execFileSync('umount', [this.disk]);
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** @throws Error when it may not be mounted, or there is no tmpfs on this system */
async function mountDisk(dir: string): Promise<string> {
  const disk = path.join(dir, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=0755', 'tmpfs', disk]);
  return disk;
}
