import { Failure } from '../../failure.js';
import { databaseUrl } from '../../installation.js';
import { LegacyDatabase } from '../legacy/mysql.js';
import { Pace } from '../legacy/pace.js';
import { LegacyRedis } from '../legacy/redis.js';
import type { RedisPool } from '../legacy-config.js';
import type { LegacyPlaces } from '../places.js';
import { TargetDatabase } from '../target/database.js';
import { lanes } from '../target/partitions.js';
import { ProgressRecord } from '../target/progress-record.js';
import { sourceName } from '../target/state.js';
import { openStorage, type Storage } from '../target/storage.js';

/** Both sides of an import. */
export interface ImportSession {
  places: LegacyPlaces;
  legacy: LegacyDatabase;
  database: TargetDatabase;
  /** postgres://… of `database` */
  databaseUrl: string;
  storage: Storage;
  record: ProgressRecord;
}

/**
 * Opens both sides, runs `work`, and closes them.
 *
 * @param maxLoad share of the time the import may work, percent
 * @throws Failure when a side cannot be opened, or is not the expected one
 */
export async function withBothSides<T>(
  places: LegacyPlaces,
  work: (session: ImportSession) => Promise<T>,
  maxLoad = 100,
): Promise<T> {
  const url = databaseUrl(process.env);
  const storage = await openStorage(process.env);
  const legacy = await LegacyDatabase.open(places.mysql, lanes + 1, {
    pace: new Pace(maxLoad),
    project: places.project,
  });
  const database = new TargetDatabase(url, lanes + 4);
  const record = new ProgressRecord(database, sourceName(places));
  try {
    requireLegacyTables(legacy, places.mysql);
    await requireProject(legacy);
    await requireRedisPools(places.redis);
    return await work({ places, legacy, database, databaseUrl: url, storage, record });
  } finally {
    await record.end();
    await Promise.allSettled([legacy.close(), database.close()]);
    storage.store.close();
  }
}

/** Opens the new side alone. */
export async function withTarget<T>(work: (database: TargetDatabase) => Promise<T>): Promise<T> {
  const database = new TargetDatabase(databaseUrl(process.env), 1);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

function requireLegacyTables(legacy: LegacyDatabase, mysql: string): void {
  const missing = ['IMUser', 'IMGroup', 'IMGroupMember', 'IMMessage_0', 'IMGroupMessage_0'].filter(
    (table) => !legacy.hasTable(table),
  );
  if (missing.length > 0) {
    throw new Failure(
      `database ${new URL(mysql).pathname.slice(1)} is not one of TeamTalk: it has no table ${missing.join(', ')}`,
    );
  }
}

/** @throws Failure when the given project has no users */
async function requireProject(legacy: LegacyDatabase): Promise<void> {
  const { project } = legacy;
  if (project === undefined) return;
  if (!legacy.hasColumn('IMUser', 'pid')) {
    throw new Failure('--project: this database has only one tenant: IMUser has no column pid.');
  }
  const rows = await legacy.rows<[number]>('SELECT DISTINCT pid FROM IMUser ORDER BY pid LIMIT 100');
  const known = rows.map(([pid]) => Number(pid));
  if (known.includes(project)) return;
  throw new Failure(`--project: project ${project} has no users; the projects are ${known.join(', ')}.`);
}

/** @throws Failure where a pool is not in its database, but in another one of the same server */
async function requireRedisPools(redis: Record<RedisPool, string>): Promise<void> {
  for (const [pool, url] of Object.entries(redis) as [RedisPool, string][]) {
    const client = await LegacyRedis.open(url);
    try {
      const better = await client.betterDatabases(pool);
      if (better.length === 0) continue;
      throw new Failure(
        `Redis database ${new URL(url).pathname.slice(1)} has nothing of the pool ${pool}, but database ${better.join(' and ')} has: see ${pool}_db in dbproxyserver.conf, and say --db-numbers ${pool}=${better[0]}`,
      );
    } finally {
      client.close();
    }
  }
}
