import { Failure } from '../../failure.js';
import { writeMark } from '../cutover/quiet.js';
import type { LegacyDatabase } from '../legacy/mysql.js';
import { LegacyRedis } from '../legacy/redis.js';
import type { LegacyWriter } from '../legacy/writer.js';
import type { LegacyPlaces } from '../places.js';

interface CopiedStore {
  places: LegacyPlaces;
  /** with one connection */
  legacy: LegacyDatabase;
  writer: LegacyWriter;
}

/** In SQL: what two connections to one database have in common. */
const identity = 'SELECT CONCAT_WS(0x20, @@hostname, @@port, @@datadir, DATABASE()) AS store';

/**
 * Makes sure that nobody but the rehearsal uses a store, as far as can be seen from outside: what is rehearsed writes to it.
 *
 * @param watchMs for how long nothing may be written to it
 * @throws Failure where it is in use, has been rehearsed with, or is not the one that is written to; nothing was written
 */
export async function requireCopy({ places, legacy, writer }: CopiedStore, watchMs: number): Promise<void> {
  const [read] = await legacy.rows<[string]>(identity);
  const [written] = await writer.rows<{ store: string }>(identity);
  if (read![0] !== written!.store) {
    throw new Failure('--mysql and --write-mysql are not the same database: name the copy twice.');
  }
  if ((await writer.rows(`SHOW TABLES LIKE 'teamtalk_returned%'`)).length > 0) {
    throw new Failure(
      'something was written back to this store before: make a new copy, and an empty database, for each rehearsal.',
    );
  }
  const before = await writeMark({ places, legacy });
  await legacy.pace.idle(watchMs);
  if ((await writeMark({ places, legacy })) !== before) {
    throw new Failure('somebody writes to this store: it is not a copy. Nothing was written to it.');
  }
  const others = await otherClients({ places, legacy, writer });
  if (others > 0) {
    throw new Failure(
      `somebody else is connected to this MySQL or Redis (connections: ${others}): a rehearsal needs a copy on servers that nobody else uses. Nothing was written to it.`,
    );
  }
}

/** Connections that are not of this process. */
async function otherClients({ places, legacy }: CopiedStore): Promise<number> {
  const [row] = await legacy.rows<[string, string]>(`SHOW GLOBAL STATUS LIKE 'Threads_connected'`);
  // The reader's and the writer's.
  let others = Math.max(0, Number(row?.[1] ?? 2) - 2);
  // The writer has one to each pool.
  const own = new Map<string, number>();
  for (const url of Object.values(places.redis)) {
    const { host } = new URL(url);
    own.set(host, (own.get(host) ?? 0) + 1);
  }
  for (const [host, count] of own) {
    const url = Object.values(places.redis).find((each) => new URL(each).host === host)!;
    const redis = await LegacyRedis.open(url);
    try {
      others += Math.max(0, (await redis.clients()) - count - 1);
    } finally {
      redis.close();
    }
  }
  return others;
}
