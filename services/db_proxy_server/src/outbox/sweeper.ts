import type { Kit } from '@teamtalk/service-kit';
import type { Pool, PoolClient } from 'pg';
import { encodeMessagePdu } from '../append/message-pdu.js';
import { takeConnection } from '../database/take-connection.js';
import { decodeOutboxPayload, type OutboxMessage } from './payload.js';
import type { OutboxPublisher } from './publisher.js';
import type { StoredBatch, StoredMessage } from './stored-batch.js';

export interface SweeperOptions {
  kit: Kit;
  pool: Pool;
  publisher: OutboxPublisher;
  /** whether a route_server could take a batch now */
  canDeliver: () => boolean;
}

const sweepMs = 500;
/** A row whose owner is dead is taken at this age; younger ones may be just about to be deleted. */
const orphanAge = '300 milliseconds';
/** A row whose owner lives but does not get on with it; rows of our own that nobody is busy with need not wait. */
const stuckAge = '4 seconds';
const rowsASweep = 100;

/** Class of the advisory locks by which db_proxy_servers show that they live. */
export const ownerLockClass = 0x7474;

interface OutboxRow {
  id: string;
  bases: (number | null)[];
  payload: Buffer;
}

/**
 * Delivers the batches of replicas that have died, and those that are stuck. A replica lives as long as
 * PostgreSQL sees its session hold the advisory lock of its instance, which ends with the process.
 */
export class OutboxSweeper {
  readonly #options: SweeperOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #swept;
  #running: Promise<void> | undefined;

  constructor(options: SweeperOptions) {
    this.#options = options;
    const { metrics } = options.kit;
    this.#swept = metrics.counter(
      'outbox_swept_total',
      'Batches delivered for a replica that died or is stuck',
    );
    this.#timer = setInterval(() => {
      this.#running ??= this.#sweep().finally(() => {
        this.#running = undefined;
      });
    }, sweepMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #sweep(): Promise<void> {
    const { kit, pool, canDeliver } = this.#options;
    if (!canDeliver()) return;
    let client: PoolClient | undefined;
    try {
      client = await takeConnection(pool);
      while (canDeliver() && (await this.#sweepWith(client)) === rowsASweep);
      client.release();
    } catch (error) {
      client?.release(error instanceof Error ? error : true);
      kit.log.warn({ err: error }, 'the outbox could not be swept');
    }
  }

  /** @returns how many rows were delivered */
  async #sweepWith(client: PoolClient): Promise<number> {
    await client.query('BEGIN');
    const { rows } = await client.query<OutboxRow>({
      name: 'sweep_outbox',
      text: `SELECT id, bases, payload FROM outbox
             WHERE id <> ALL ($1::int8[])
               AND (created_at < clock_timestamp() - interval '${stuckAge}'
                 OR (created_at < clock_timestamp() - interval '${orphanAge}' AND owner = $2)
                 OR (created_at < clock_timestamp() - interval '${orphanAge}' AND owner NOT IN (
                   SELECT objid::int8 FROM pg_locks
                   WHERE locktype = 'advisory' AND classid = ${ownerLockClass} AND objsubid = 2 AND granted
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))))
             ORDER BY id LIMIT ${rowsASweep}
             FOR UPDATE SKIP LOCKED`,
      values: [this.#options.publisher.inFlight, this.#options.kit.instance],
    });
    for (const row of rows) {
      await this.#options.publisher.redeliver(await this.#rebuild(client, row));
      await client.query('DELETE FROM outbox WHERE id = $1', [row.id]);
      this.#swept.inc();
    }
    await client.query('COMMIT');
    return rows.length;
  }

  async #rebuild(client: PoolClient, { id, bases, payload }: OutboxRow): Promise<StoredBatch> {
    const messages = decodeOutboxPayload(payload, bases);
    const { rows } = await client.query<{
      created_at: Date;
      type: number;
      data: Buffer;
      version: number | null;
    }>({
      name: 'outbox_contents',
      text: `SELECT m.created_at, m.type, m.data, g.version
             FROM unnest($1::int4[], $2::int4[], $3::int4[]) WITH ORDINALITY AS o(low, high, id, i)
             JOIN message m ON m.conv = (o.low::int8 << 32) | o.high AND m.id = o.id
             LEFT JOIN chat_group g ON o.low = 0 AND g.id = o.high
             ORDER BY o.i`,
      values: [messages.map((m) => m.low), messages.map((m) => m.high), messages.map((m) => m.msgId)],
    });
    return { outboxId: id, messages: rows.map((row, i) => withContent(messages[i] as OutboxMessage, row)) };
  }
}

function withContent(
  message: OutboxMessage,
  row: { created_at: Date; type: number; data: Buffer; version: number | null },
): StoredMessage {
  const { low: _low, high: _high, ...rest } = message;
  return {
    ...rest,
    groupVersion: row.version ?? 0,
    pdu: encodeMessagePdu({
      ...rest,
      createTime: Math.floor(row.created_at.getTime() / 1000),
      msgType: row.type,
      msgData: row.data,
    }),
  };
}
