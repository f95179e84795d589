import path from 'node:path';
import {
  type LegacySchemaOptions,
  LegacyServers,
  legacySchema,
  type MariadbServer,
} from '@teamtalk/local-stack';
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
  const servers = await LegacyServers.start('legacy-stand');
  const { folder, mariadb } = servers;
  const sql = await createConnection({ uri: mariadb.url, multipleStatements: true, charset: 'utf8mb4' });
  for (const statement of legacySchema(schema)) await sql.query(statement);
  const redisUrl = servers.redis.url;
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
      await servers.stop();
    },
  };
}
