import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  FaultyProxy,
  type Infrastructure,
  NatsServer,
  PostgresServer,
  type ProxyTarget,
  type TestDatabase,
  type TestNats,
} from '../infrastructure/index.js';
import { migrate } from '../migrate.js';

export interface ChaosServersOptions {
  /** PostgreSQL's data is on a file system of its own of 400 MB; needs the right to mount one */
  smallDisk?: boolean;
}

/**
 * A PostgreSQL that loses nothing it has committed and a NATS, of one cluster alone: both can be killed and started
 * again. What the testbed itself asks them goes through proxies that nobody disturbs, so that it finds them again.
 */
export class ChaosServers implements Infrastructure {
  readonly #postgresWay: FaultyProxy;
  readonly #natsWay: FaultyProxy;
  /** the file system of PostgreSQL's data, when it has one of its own */
  readonly disk: string | undefined;
  readonly #dir: string;
  readonly #dataDir: string;
  #postgres!: PostgresServer;
  #nats!: NatsServer;

  static async start({ smallDisk = false }: ChaosServersOptions = {}): Promise<ChaosServers> {
    const dir = await mkdtemp(path.join(tmpdir(), `teamtalk-test-${process.pid}-`));
    // PostgreSQL, when it runs as another user, has to pass through.
    await chmod(dir, 0o711);
    const started: [ChaosServers | undefined] = [undefined];
    const servers = new ChaosServers(
      dir,
      smallDisk ? await mountDisk(dir) : undefined,
      await FaultyProxy.start(() => started[0]?.postgresTargets() ?? []),
      await FaultyProxy.start(() => started[0]?.natsTargets() ?? []),
    );
    started[0] = servers;
    try {
      await Promise.all([servers.startPostgres(), servers.startNats()]);
      await migrate(servers.#postgres.url);
      return servers;
    } catch (error) {
      await servers.close();
      throw error;
    }
  }

  private constructor(dir: string, disk: string | undefined, postgresWay: FaultyProxy, natsWay: FaultyProxy) {
    this.#dir = dir;
    this.disk = disk;
    this.#dataDir = path.join(disk ?? dir, 'postgres');
    this.#postgresWay = postgresWay;
    this.#natsWay = natsWay;
  }

  get postgres(): PostgresServer {
    return this.#postgres;
  }

  get natsServer(): NatsServer {
    return this.#nats;
  }

  postgresTargets(): ProxyTarget[] {
    return [{ host: '127.0.0.1', port: this.#postgres.port }];
  }

  natsTargets(): ProxyTarget[] {
    return [{ host: '127.0.0.1', port: this.#nats.port }];
  }

  async nats(): Promise<TestNats> {
    return { url: natsUrlAt(this.#natsWay), prefix: 'chaos' };
  }

  async database(): Promise<TestDatabase> {
    const url = this.databaseUrlAt(this.#postgresWay);
    return { name: new URL(url).pathname.slice(1), url, drop: async () => {} };
  }

  /** The database, by way of a proxy. */
  databaseUrlAt({ port }: FaultyProxy): string {
    const url = new URL(this.#postgres.url);
    url.port = String(port);
    return url.toString();
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

  async startNats(): Promise<void> {
    const dir = path.join(this.#dir, 'nats');
    this.#nats = await NatsServer.start({ dir, port: 0, logFile: path.join(this.#dir, 'nats.log') });
  }

  async close(): Promise<void> {
    await this.#postgres?.stop();
    await this.#nats?.stop();
    await this.#postgresWay.close();
    await this.#natsWay.close();
    if (this.disk) execFileSync('umount', [this.disk]);
    await rm(this.#dir, { recursive: true, force: true });
  }
}

export function natsUrlAt({ port }: FaultyProxy): string {
  return `nats://127.0.0.1:${port}`;
}

/** @throws Error when it may not be mounted, or there is no tmpfs on this system */
async function mountDisk(dir: string): Promise<string> {
  const disk = path.join(dir, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=0755', 'tmpfs', disk]);
  return disk;
}
