import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MariadbServer } from './mariadb-server.js';
import { RedisServer } from './redis-server.js';

/** The MariaDB and the Redis of a legacy installation, in a folder of their own. */
export class LegacyServers {
  /** has room for what else belongs to them, and goes with them */
  readonly folder: string;
  #mariadb!: MariadbServer;
  #redis!: RedisServer;

  /**
   * @param name what the folder's name begins with
   * @param parent the folder that it is made in
   */
  static async start(name: string, parent = tmpdir()): Promise<LegacyServers> {
    const folder = await mkdtemp(path.join(parent, `${name}-`));
    // The servers run as accounts of their own.
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

  /** Where a server has its data and its log. */
  place(name: string): { dataDir: string; logFile: string } {
    return { dataDir: path.join(this.folder, name), logFile: path.join(this.folder, `${name}.log`) };
  }

  /** Starts it at its port again. */
  async startMariadb(): Promise<void> {
    const port = this.#mariadb?.port ?? 0;
    this.#mariadb = await MariadbServer.start({ ...this.place('mariadb'), port });
  }

  /** Starts it at its port again. */
  async startRedis(): Promise<void> {
    const port = this.#redis?.port ?? 0;
    this.#redis = await RedisServer.start({ ...this.place('redis'), port });
  }

  async stop(): Promise<void> {
    await Promise.all([this.#mariadb.stop(), this.#redis.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}
