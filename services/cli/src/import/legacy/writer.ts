import { withDeadline, withoutSecrets } from '@teamtalk/service-kit';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { Failure } from '../../failure.js';
import type { RedisPool } from '../legacy-config.js';

const answerMs = 120_000;
/** Idle time before TCP keep-alive probes begin, milliseconds. */
const probeMs = 10_000;

/** The legacy store, for the one who may write to it: with an account of its own, while the old servers are stopped. */
export class LegacyWriter {
  readonly redis: Readonly<Record<RedisPool, Redis>>;
  readonly #sql: mysql.Connection;
  readonly #where: string;

  private constructor(sql: mysql.Connection, redis: Record<RedisPool, Redis>, where: string) {
    this.#sql = sql;
    this.redis = redis;
    this.#where = where;
  }

  /** @throws Failure when a side does not answer or refuses */
  static async open(url: string, places: Readonly<Record<RedisPool, string>>): Promise<LegacyWriter> {
    const where = `MySQL at ${withoutSecrets(url)}`;
    const sql = await mysql
      .createConnection({
        uri: url,
        charset: 'utf8mb4',
        enableKeepAlive: true,
        keepAliveInitialDelay: probeMs,
      })
      .catch((error: unknown) => {
        throw new Failure(`${where}: ${(error as Error).message}`, { cause: error });
      });
    sql.on('error', () => {});
    const redis = Object.fromEntries(
      Object.entries(places).map(([pool, place]) => {
        const client = new Redis(place, {
          maxRetriesPerRequest: 0,
          retryStrategy: () => null,
          commandTimeout: answerMs,
        });
        client.on('error', () => {});
        return [pool, client];
      }),
    ) as Record<RedisPool, Redis>;
    return new LegacyWriter(sql, redis, where);
  }

  /** Runs `work` in one transaction of MySQL. @throws Failure with what MySQL said */
  async transaction(work: () => Promise<void>): Promise<void> {
    await this.run('START TRANSACTION');
    await work();
    await this.run('COMMIT');
  }

  async rows<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#ask<mysql.RowDataPacket[]>(sql, values)) as Row[];
  }

  /** @returns how many rows it found, and the id of the first it inserted */
  async run(sql: string, values: unknown[] = []): Promise<{ affectedRows: number; insertId: number }> {
    return this.#ask<mysql.ResultSetHeader>(sql, values);
  }

  async close(): Promise<void> {
    for (const client of Object.values(this.redis)) client.disconnect();
    await this.#sql.end().catch(() => this.#sql.destroy());
  }

  async #ask<T extends mysql.QueryResult>(sql: string, values: unknown[]): Promise<T> {
    try {
      return (await withDeadline(this.#sql.query<T>(sql, values), answerMs, 'a query'))[0];
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!code.startsWith('ER_')) this.#sql.destroy();
      throw new Failure(`${this.#where}: ${(error as Error).message}`, { cause: error });
    }
  }
}
