import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MariadbServer } from './mariadb-server.js';
import { RedisServer } from './redis-server.js';

/** MariaDB and Redis as in a legacy installation, in a folder of their own. */
export class LegacyServers {
  /** callers may add files; removed when the servers are stopped */
  readonly folder: string;
  #mariadb!: MariadbServer;
  #redis!: RedisServer;

  /**
   * @param name prefix of the folder's name
   * @param parent where the folder is created
   */
  static async start(name: string, parent = tmpdir()): Promise<LegacyServers> {
    const folder = await mkdtemp(path.join(parent, `${name}-`));
    // The servers run under their own accounts, which have to traverse this folder.
    await chmod(folder, 0o711);
    const servers = new LegacyServers(folder);
    await Promise.all([servers.startMariadb(), servers.startRedis()]);
    return servers;
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  get mariadb(): MariadbServer {
    return this.#mariadb;
  }

  get redis(): RedisServer {
    return this.#redis;
  }

  /** A server's data folder and log file. */
  place(name: string): { dataDir: string; logFile: string } {
    return { dataDir: path.join(this.folder, name), logFile: path.join(this.folder, `${name}.log`) };
  }

  /** Restarts it on the same port. */
  async startMariadb(): Promise<void> {
    const port = this.#mariadb?.port ?? 0;
    this.#mariadb = await MariadbServer.start({ ...this.place('mariadb'), port });
  }

  /** Restarts it on the same port. */
  async startRedis(): Promise<void> {
    const port = this.#redis?.port ?? 0;
    this.#redis = await RedisServer.start({ ...this.place('redis'), port });
  }

  async stop(): Promise<void> {
    await Promise.all([this.#mariadb.stop(), this.#redis.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}
