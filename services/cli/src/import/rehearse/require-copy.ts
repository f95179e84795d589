import { Failure } from '../../failure.js';
import { writeMark } from '../cutover/quiet.js';
import type { LegacyDatabase } from '../legacy/mysql.js';
import { LegacyRedis } from '../legacy/redis.js';
import type { LegacyWriter } from '../legacy/writer.js';
import type { LegacyPlaces } from '../places.js';

interface CopiedStore {
  places: LegacyPlaces;
  /** has one connection */
  legacy: LegacyDatabase;
  writer: LegacyWriter;
}

/** SQL expression that identifies a database whichever way it is reached. */
const identity = 'SELECT CONCAT_WS(0x20, @@hostname, @@port, @@datadir, DATABASE()) AS store';

/**
 * Checks, as far as possible from outside, that only the rehearsal uses a store, because it writes to it.
 *
 * @param watchMs how long the store has to stay unchanged, milliseconds
 * @throws Failure when the store is in use, was used in a rehearsal before, or is not the one to write to; nothing was written
 */
export async function requireCopy({ places, legacy, writer }: CopiedStore, watchMs: number): Promise<void> {
  const [read] = await legacy.rows<[string]>(identity);
  const [written] = await writer.rows<{ store: string }>(identity);
  if (read![0] !== written!.store) {
    throw new Failure('--mysql and --write-mysql are not the same database; both have to be the copy.');
  }
  if ((await writer.rows(`SHOW TABLES LIKE 'teamtalk_returned%'`)).length > 0) {
    throw new Failure(
      'this store was used in a rollback or rehearsal before: each rehearsal needs a new copy and an empty database.',
    );
  }
  const before = await writeMark({ places, legacy });
  await legacy.pace.idle(watchMs);
  if ((await writeMark({ places, legacy })) !== before) {
    throw new Failure('this store is being written to, so it is not a copy. Nothing was written to it.');
  }
  const others = await otherClients({ places, legacy, writer });
  if (others > 0) {
    throw new Failure(
      `this MySQL or Redis has other clients (connections: ${others}): a rehearsal needs a copy on servers that nobody else uses. Nothing was written to it.`,
    );
  }
}

/** Number of connections from other processes. */
async function otherClients({ places, legacy }: CopiedStore): Promise<number> {
  const [row] = await legacy.rows<[string, string]>(`SHOW GLOBAL STATUS LIKE 'Threads_connected'`);
  // Without the reader's and the writer's connections.
  let others = Math.max(0, Number(row?.[1] ?? 2) - 2);
  // The writer has one connection to each pool.
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
