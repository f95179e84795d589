import { Failure } from '../../failure.js';
import type { Pace } from '../legacy/pace.js';
import { LegacyRedis } from '../legacy/redis.js';
import type { RedisPool } from '../legacy-config.js';
import { chunksOf, copyLine } from '../target/copy-text.js';
import type { TargetSession } from '../target/database.js';
import { recordLeftOut } from '../target/left-out.js';
import type { ImportState } from '../target/state.js';
import type { LeftOutReason } from '../verification.js';

const largest = 2_147_483_647;

/** What the keys of Redis say; a key can come twice from a scan, so that rows can. */
export const redisStaging: readonly string[] = [
  'CREATE TABLE IF NOT EXISTS legacy_import.redis_unread (user_id int8, peer_id int8, count int8)',
  'CREATE TABLE IF NOT EXISTS legacy_import.redis_group_count (group_id int8, count int8)',
  'CREATE TABLE IF NOT EXISTS legacy_import.redis_read_count (group_id int8, user_id int8, count int8)',
  'CREATE TABLE IF NOT EXISTS legacy_import.redis_join (group_id int8, user_id int8, at int8)',
  'CREATE TABLE IF NOT EXISTS legacy_import.redis_shield (group_id int8, user_id int8)',
  'CREATE TABLE IF NOT EXISTS legacy_import.redis_device (user_id int8, client_type int2, token text)',
];

/** Number of keys in each pool when it was last read. */
export const seenPoolTable =
  'CREATE TABLE IF NOT EXISTS legacy_import.seen_pool (pool text PRIMARY KEY, keys int8 NOT NULL)';

type Staging = 'unread' | 'group_count' | 'read_count' | 'join' | 'shield' | 'device';
type Row = (string | number)[];

/** Keys of one form, and what they are read as. */
interface KeyForm {
  pool: RedisPool;
  pattern: RegExp;
  /** the rows of these keys, or why a key is left out */
  read(redis: LegacyRedis, keys: string[], match: (key: string) => string[]): Promise<Record<string, Row[]>>;
}

const isCount = (text: string | null | undefined): text is string => /^-?\d{1,18}$/.test(text ?? '');
const isId = (text: string): boolean =>
  /^\d{1,10}$/.test(text) && Number(text) > 0 && Number(text) <= largest;

const forms: readonly KeyForm[] = [
  {
    pool: 'unread',
    pattern: /^unread_(\d{1,10})$/,
    read: async (redis, keys, match) => ({
      unread: (await redis.hashes(keys)).flatMap((hash, i) =>
        Object.entries(hash ?? {})
          .filter(([peer, count]) => isId(peer) && isCount(count) && Number(count) > 0)
          .map(([peer, count]) => [match(keys[i]!)[0]!, peer, count]),
      ),
    }),
  },
  {
    pool: 'unread',
    pattern: /^(\d{1,10})_im_group_msg$/,
    read: async (redis, keys, match) => ({ group_count: await counts(redis, keys, match) }),
  },
  {
    pool: 'unread',
    pattern: /^(\d{1,10})_(\d{1,10})_im_user_group$/,
    read: async (redis, keys, match) => ({
      read_count: (await counts(redis, keys, match)).map(([user, group, count]) => [group!, user!, count!]),
    }),
  },
  {
    pool: 'group_member',
    pattern: /^group_member_(\d{1,10})$/,
    read: async (redis, keys, match) => ({
      join: (await redis.hashes(keys)).flatMap((hash, i) =>
        Object.entries(hash ?? {})
          .filter(([user, at]) => isId(user) && isCount(at))
          .map(([user, at]) => [match(keys[i]!)[0]!, user, at]),
      ),
    }),
  },
  {
    pool: 'group_set',
    pattern: /^group_set_(\d{1,10})$/,
    read: async (redis, keys, match) => ({
      shield: (await redis.hashes(keys)).flatMap((hash, i) =>
        Object.entries(hash ?? {}).flatMap(([field, value]) => {
          const user = /^(\d{1,10})_1$/.exec(field)?.[1];
          return user !== undefined && value === '1' ? [[match(keys[i]!)[0]!, user]] : [];
        }),
      ),
    }),
  },
  {
    pool: 'token',
    pattern: /^device_(\d{1,10})$/,
    read: async (redis, keys, match) => {
      const device: Row[] = [];
      const desktop: Row[] = [];
      for (const [i, value] of (await redis.strings(keys)).entries()) {
        const [, system, token] = /^(ios|android):(.+)$/s.exec(value ?? '') ?? [];
        if (token === undefined) desktop.push([]);
        else device.push([match(keys[i]!)[0]!, system === 'ios' ? 17 : 18, token]);
      }
      return { device, 'token-desktop': desktop };
    },
  },
  { pool: 'token', pattern: /^device_/, read: leftOut('token-reverse') },
  {
    pool: 'unread',
    pattern: /^(?:group_)?msg_id_\d+$|^total_user_update$|^last_update_group$/,
    read: leftOut('counter-redundant'),
  },
];

function leftOut(reason: LeftOutReason): KeyForm['read'] {
  return async (_redis, keys) => ({ [reason]: keys.map(() => []) });
}

async function counts(redis: LegacyRedis, keys: string[], match: (key: string) => string[]): Promise<Row[]> {
  const values = await redis.fields(keys, 'count');
  return values.flatMap((count, i) => (isCount(count) ? [[...match(keys[i]!), count]] : []));
}

const stagings: readonly string[] = [
  'unread',
  'group_count',
  'read_count',
  'join',
  'shield',
  'device',
] satisfies Staging[];

interface RedisSource {
  places: Record<RedisPool, string>;
  pace: Pace;
  onKeys?(count: number): void;
  /** whether a pool may have lost all its keys, and with them the read positions of users */
  mayBeLost?: boolean | undefined;
}

/** Stages what Redis has, whole, in one transaction. Each database is scanned once, whatever pools it holds. */
export async function stageRedis(state: ImportState, source: RedisSource): Promise<void> {
  await state.once('stage redis', (session) => fillRedisStaging(session, source));
}

/**
 * Refills the Redis staging tables with its current contents.
 *
 * @throws Failure when a pool that had keys is now empty
 */
export async function fillRedisStaging(session: TargetSession, source: RedisSource): Promise<void> {
  const { places, mayBeLost = false } = source;
  for (const staging of stagings) await session.run(`DELETE FROM legacy_import.redis_${staging}`);
  const poolsOf = new Map<string, RedisPool[]>();
  for (const [pool, url] of Object.entries(places)) {
    poolsOf.set(url, [...(poolsOf.get(url) ?? []), pool as RedisPool]);
  }
  const left = new Map<string, number>();
  const seen = new Map<RedisPool, number>(Object.keys(places).map((pool) => [pool as RedisPool, 0]));
  for (const [url, pools] of poolsOf) {
    const redis = await LegacyRedis.open(url, source.pace);
    try {
      await stageDatabase(redis, pools, session, { left, seen, onKeys: source.onKeys });
    } finally {
      redis.close();
    }
  }
  if (!mayBeLost) await requireKeys(session, seen);
  await session.run(
    `INSERT INTO legacy_import.seen_pool (pool, keys) SELECT * FROM unnest($1::text[], $2::int8[])
      ON CONFLICT (pool) DO UPDATE SET keys = excluded.keys`,
    [[...seen.keys()], [...seen.values()]],
  );
  for (const [reason, count] of left) await recordLeftOut(session, 'redis', reason as LeftOutReason, count);
  for (const staging of stagings) await session.run(`ANALYZE legacy_import.redis_${staging}`);
}

/** The old servers' keys never expire, so a pool that has become empty has lost its keys. */
async function requireKeys(session: TargetSession, seen: ReadonlyMap<RedisPool, number>): Promise<void> {
  const rows = await session.rows<{ pool: RedisPool }>(
    'SELECT pool FROM legacy_import.seen_pool WHERE keys > 0',
  );
  const lost = rows.map(({ pool }) => pool).filter((pool) => seen.get(pool) === 0);
  if (lost.length === 0) return;
  throw new Failure(
    `Redis has lost all keys of the pool ${lost.join(' and ')}: was it started without its snapshot? What was imported before is kept. If the keys are lost for good, continue with --redis-lost, without the read positions of users.`,
  );
}

async function stageDatabase(
  redis: LegacyRedis,
  pools: readonly RedisPool[],
  session: TargetSession,
  counts: {
    left: Map<string, number>;
    seen: Map<RedisPool, number>;
    onKeys: ((count: number) => void) | undefined;
  },
): Promise<void> {
  const { left, seen, onKeys } = counts;
  for await (const page of redis.keys()) {
    const keysOf = new Map<KeyForm, string[]>();
    for (const key of page) {
      const form = forms.find(({ pool, pattern }) => pools.includes(pool) && pattern.test(key));
      if (!form) continue;
      seen.set(form.pool, seen.get(form.pool)! + 1);
      const keys = keysOf.get(form);
      if (keys) keys.push(key);
      else keysOf.set(form, [key]);
    }
    for (const [form, keys] of keysOf) {
      const found = await form.read(redis, keys, (key) => form.pattern.exec(key)!.slice(1));
      for (const [name, rows] of Object.entries(found)) {
        if (rows.length === 0) continue;
        if (stagings.includes(name))
          await session.copy(`legacy_import.redis_${name}`, chunksOf(rows.map(copyLine)));
        else left.set(name, (left.get(name) ?? 0) + rows.length);
      }
    }
    onKeys?.(page.length);
  }
}
