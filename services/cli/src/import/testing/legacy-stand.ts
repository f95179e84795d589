import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type LegacySchemaOptions, legacySchema, MariadbServer, RedisServer } from '@teamtalk/local-stack';
import { Redis } from 'ioredis';
import { type Connection, createConnection } from 'mysql2/promise';

/** An empty legacy store: MariaDB with the tables of TeamTalk, Redis, and the folders of both file servers. */
export interface LegacyStand {
  folder: string;
  images: string;
  offlineFiles: string;
  mariadb: MariadbServer;
  sql: Connection;
  redisUrl: string;
  /** a client of the Redis database of this number */
  redis(database: number): Redis;
  close(): Promise<void>;
}

export async function startLegacyStand(schema: LegacySchemaOptions = {}): Promise<LegacyStand> {
  const folder = await mkdtemp(path.join(tmpdir(), 'legacy-stand-'));
  await chmod(folder, 0o711);
  const place = (name: string) => ({
    dataDir: path.join(folder, name),
    logFile: path.join(folder, `${name}.log`),
    port: 0,
  });
  const [mariadb, redis] = await Promise.all([
    MariadbServer.start(place('mariadb')),
    RedisServer.start(place('redis')),
  ]);
  const sql = await createConnection({ uri: mariadb.url, multipleStatements: true, charset: 'utf8mb4' });
  for (const statement of legacySchema(schema)) await sql.query(statement);
  const redisUrl = `redis://127.0.0.1:${redis.port}`;
  const clients: Redis[] = [];
  return {
    folder,
    images: path.join(folder, 'msfs'),
    offlineFiles: path.join(folder, 'offline_file'),
    mariadb,
    sql,
    redisUrl,
    redis: (database) => {
      const client = new Redis(`${redisUrl}/${database}`);
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.disconnect();
      await sql.end().catch(() => {});
      await Promise.all([mariadb.stop(), redis.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
