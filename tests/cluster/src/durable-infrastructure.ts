import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Infrastructure,
  NatsServer,
  PostgresServer,
  type TestDatabase,
  type TestNats,
} from '@teamtalk/local-stack';
import { migrate as toNewest } from './migrate.js';
import { natsPassword, natsUsers } from './nats-users.js';

/** `.data/bench` at the top of the repository. */
export const dataFolder = fileURLToPath(new URL('../../../.data/bench', import.meta.url));

/**
 * A PostgreSQL that flushes every commit to disk, and a NATS, for a whole run of a benchmark: clusters come
 * and go on one database, and what was stored stays.
 */
export class DurableInfrastructure implements Infrastructure {
  readonly postgres: PostgresServer;
  readonly natsServer: NatsServer;
  #clusters = 0;

  /**
   * Starts both with nothing in them; what an earlier run has left is removed.
   * @param migrate brings the database at a URL to the schema it is to have; by default the newest
   */
  static async start(migrate: (url: string) => Promise<void> = toNewest): Promise<DurableInfrastructure> {
    const dataDir = path.join(dataFolder, 'postgres');
    await removeData(dataDir);
    const postgres = await PostgresServer.start({
      dataDir,
      port: 0,
      logFile: path.join(dataFolder, 'postgres.log'),
      durable: true,
    });
    try {
      const nats = await NatsServer.start({
        dir: path.join(dataFolder, 'nats'),
        port: 0,
        logFile: path.join(dataFolder, 'nats.log'),
        settings: natsUsers,
      });
      const infrastructure = new DurableInfrastructure(postgres, nats);
      await migrate(postgres.url);
      return infrastructure;
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  private constructor(postgres: PostgresServer, nats: NatsServer) {
    this.postgres = postgres;
    this.natsServer = nats;
  }

  async nats(): Promise<TestNats> {
    const { url } = this.natsServer;
    return { url, prefix: `bench_${++this.#clusters}`, servicePassword: natsPassword };
  }

  async database(): Promise<TestDatabase> {
    return { name: 'teamtalk', url: this.postgres.url, drop: async () => {} };
  }

  /** A cluster's end is not ours. */
  async close(): Promise<void> {}

  async stop(): Promise<void> {
    await this.natsServer.stop();
    await this.postgres.stop();
    await removeData(path.join(dataFolder, 'postgres'));
  }
}

/** The folder may be a link to one elsewhere: only what is in it goes. */
async function removeData(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  await Promise.all(names.map((name) => rm(path.join(folder, name), { recursive: true, force: true })));
}
