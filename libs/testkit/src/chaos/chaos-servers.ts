import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  FaultyProxy,
  type Infrastructure,
  NatsServer,
  PostgresServer,
  type TestDatabase,
  type TestNats,
} from '../infrastructure/index.js';
import { migrate } from '../migrate.js';

export interface ChaosServersOptions {
  /** where PostgreSQL's data is; a temporary folder when left out */
  dataDir?: string;
}

/**
 * A PostgreSQL that loses nothing it has committed and a NATS, of one cluster alone and each behind a proxy:
 * both can be killed and started again, and the ways to them disturbed.
 */
export class ChaosServers implements Infrastructure {
  readonly postgresLink: FaultyProxy;
  readonly natsLink: FaultyProxy;
  readonly #dir: string;
  readonly #dataDir: string;
  #postgres!: PostgresServer;
  #nats!: NatsServer;

  static async start({ dataDir }: ChaosServersOptions = {}): Promise<ChaosServers> {
    const dir = await mkdtemp(path.join(tmpdir(), `teamtalk-test-${process.pid}-`));
    // PostgreSQL, when it runs as another user, has to pass through.
    await chmod(dir, 0o711);
    const links: [ChaosServers | undefined] = [undefined];
    const at = (port: (servers: ChaosServers) => number) =>
      FaultyProxy.start(() => (links[0] ? [{ host: '127.0.0.1', port: port(links[0]) }] : []));
    const servers = new ChaosServers(
      dir,
      dataDir ?? path.join(dir, 'postgres'),
      await at((all) => all.#postgres.port),
      await at((all) => all.#nats.port),
    );
    links[0] = servers;
    try {
      await Promise.all([servers.startPostgres(), servers.startNats()]);
      await migrate(servers.#postgres.url);
      return servers;
    } catch (error) {
      await servers.close();
      throw error;
    }
  }

  private constructor(dir: string, dataDir: string, postgresLink: FaultyProxy, natsLink: FaultyProxy) {
    this.#dir = dir;
    this.#dataDir = dataDir;
    this.postgresLink = postgresLink;
    this.natsLink = natsLink;
  }

  get postgres(): PostgresServer {
    return this.#postgres;
  }

  get natsServer(): NatsServer {
    return this.#nats;
  }

  async nats(): Promise<TestNats> {
    return { url: `nats://127.0.0.1:${this.natsLink.port}`, prefix: 'chaos' };
  }

  async database(): Promise<TestDatabase> {
    const url = new URL(this.#postgres.url);
    const name = url.pathname.slice(1);
    url.port = String(this.postgresLink.port);
    return { name, url: url.toString(), drop: async () => {} };
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
    await this.postgresLink.close();
    await this.natsLink.close();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
