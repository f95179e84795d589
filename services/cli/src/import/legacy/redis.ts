import { withoutSecrets } from '@teamtalk/service-kit';
import { Redis } from 'ioredis';
import { Failure } from '../../failure.js';
import type { RedisPool } from '../legacy-config.js';
import { Pace } from './pace.js';

const connectMs = 10_000;
const answerMs = 60_000;
const scanCount = 1_000;

/** What keys of each pool look like; names of different pools do not collide. */
const poolKeys: Record<RedisPool, readonly string[]> = {
  unread: ['msg_id_*', 'group_msg_id_*', 'unread_*', '*_im_group_msg', '*_im_user_group'],
  group_set: ['group_set_*'],
  token: ['device_*'],
  group_member: ['group_member_*'],
};

/** Call counts of the write commands that the old servers use. */
const writingCommands =
  /^cmdstat_(?:append|decr|decrby|del|flushall|flushdb|getset|hdel|hincrby|hmset|hset|hsetnx|incr|incrby|move|mset|rename|renamenx|restore|set|setex|setnx|swapdb|unlink):calls=(\d+)/gm;

/** One database of the legacy Redis, which is only read. */
export class LegacyRedis {
  readonly #client: Redis;
  readonly #where: string;
  readonly #pace: Pace;

  private constructor(client: Redis, where: string, pace: Pace) {
    this.#client = client;
    this.#where = where;
    this.#pace = pace;
  }

  /**
   * @param url redis://:password@host:port/number
   * @throws Failure when it does not answer or refuses
   */
  static async open(url: string, pace = new Pace(100)): Promise<LegacyRedis> {
    const where = `Redis at ${withoutSecrets(url)}`;
    const client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: connectMs,
      commandTimeout: answerMs,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    // Every command fails with the same error, which is told there.
    client.on('error', () => {});
    try {
      await client.connect();
      await client.ping();
      return new LegacyRedis(client, where, pace);
    } catch (error) {
      client.disconnect();
      throw sourceFailure(where, error);
    }
  }

  /** All keys, in pages; a key can come twice. */
  async *keys(): AsyncGenerator<string[]> {
    let cursor = '0';
    do {
      const [next, keys] = await this.#ask(() => this.#client.scan(cursor, 'COUNT', scanCount));
      cursor = next;
      if (keys.length > 0) yield keys;
    } while (cursor !== '0');
  }

  /** All fields of each hash. */
  async hashes(keys: readonly string[]): Promise<Record<string, string>[]> {
    return this.#pipeline(keys, (pipeline, key) => pipeline.hgetall(key));
  }

  /** The field of each hash, null where there is none. */
  async fields(keys: readonly string[], field: string): Promise<(string | null)[]> {
    return this.#pipeline(keys, (pipeline, key) => pipeline.hget(key, field));
  }

  /** The string of each key, null where there is none. */
  async strings(keys: readonly string[]): Promise<(string | null)[]> {
    return this.#pipeline(keys, (pipeline, key) => pipeline.get(key));
  }

  /**
   * The numbers of other databases of this server that have keys of `pool`, where this one has none: then the number is most
   * likely wrong.
   */
  async betterDatabases(pool: RedisPool): Promise<number[]> {
    return this.#ask(async () => {
      const number = this.#client.options.db ?? 0;
      if (await this.#hasKeysOf(this.#client, pool)) return [];
      const others: number[] = [];
      const used = (await this.#client.info('keyspace')).matchAll(/^db(\d+):/gm);
      for (const [, digits] of used) {
        const other = Number(digits);
        if (other === number) continue;
        const client = this.#client.duplicate({ db: other });
        client.on('error', () => {});
        try {
          await client.connect();
          if (await this.#hasKeysOf(client, pool)) others.push(other);
        } finally {
          client.disconnect();
        }
      }
      return others;
    });
  }

  /** A value that changes with every write and with a restart, but not with a snapshot. */
  async writes(): Promise<string> {
    const server = await this.#ask(() => this.#client.info('server'));
    const commands = await this.#ask(() => this.#client.info('commandstats'));
    const count = [...commands.matchAll(writingCommands)].reduce((sum, [, calls]) => sum + Number(calls), 0);
    return `${/^run_id:.*$/m.exec(server)?.[0].trim()} ${count}`;
  }

  /** Number of connected clients, including this one. */
  async clients(): Promise<number> {
    const info = await this.#ask(() => this.#client.info('clients'));
    return Number(/^connected_clients:(\d+)/m.exec(info)?.[1] ?? 1);
  }

  close(): void {
    this.#client.disconnect();
  }

  async #hasKeysOf(client: Redis, pool: RedisPool): Promise<boolean> {
    for (const pattern of poolKeys[pool]) {
      let cursor = '0';
      do {
        const [next, keys] = await client.scan(cursor, 'MATCH', pattern, 'COUNT', 10_000);
        if (keys.length > 0) return true;
        cursor = next;
      } while (cursor !== '0');
    }
    return false;
  }

  async #pipeline<T>(
    keys: readonly string[],
    add: (pipeline: ReturnType<Redis['pipeline']>, key: string) => unknown,
  ): Promise<T[]> {
    if (keys.length === 0) return [];
    const pipeline = this.#client.pipeline();
    for (const key of keys) add(pipeline, key);
    const replies = await this.#ask(() => pipeline.exec());
    return (replies ?? []).map(([error, value], i) => {
      // A key of another type under one of these names: of some other program.
      if (error?.message.startsWith('WRONGTYPE')) return undefined as T;
      if (error) throw sourceFailure(`${this.#where}, key ${keys[i]}`, error);
      return value as T;
    });
  }

  async #ask<T>(command: () => Promise<T>): Promise<T> {
    await this.#pace.rest();
    try {
      return await command();
    } catch (error) {
      throw error instanceof Failure ? error : sourceFailure(this.#where, error);
    }
  }
}

function sourceFailure(where: string, error: unknown): Failure {
  const { message } = error as Error;
  const cause = { cause: error };
  if (/NOAUTH|WRONGPASS|invalid password/i.test(message)) {
    return new Failure(`${where} refuses the password: ${message}`, cause);
  }
  if (/DB index is out of range|invalid DB index/i.test(message)) {
    return new Failure(`${where} has no database of this number`, cause);
  }
  return new Failure(
    `${where} does not answer (${message}). Nothing is lost: the same command continues where it was.`,
    cause,
  );
}
