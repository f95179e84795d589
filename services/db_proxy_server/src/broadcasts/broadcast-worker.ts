import { isGroupMessageType } from '@teamtalk/protocol';
import type { Kit } from '@teamtalk/service-kit';
import type { Pool, PoolClient } from 'pg';
import type { Question } from '../database/shared-poll.js';
import { takeConnection } from '../database/take-connection.js';
import { type AppendRow, callAppendMessages } from '../messages/append/append-statement.js';
import { storedBatch } from '../messages/append/stored-messages.js';
import { WriterEpoch } from '../messages/append/writer-epoch.js';
import { type BatchPlan, planBatch } from '../messages/batch-plan.js';
import type { Caller, Entry } from '../messages/entry.js';
import type { OutboxPublisher } from '../messages/outbox/publisher.js';
import { type BroadcastOrders, dueOrder } from './broadcast-orders.js';
import { maxReportedIds } from './broadcasts.js';

export interface BroadcastWorkerOptions {
  kit: Kit;
  /** one of its connections is used at a time */
  pool: Pool;
  publisher: Pick<OutboxPublisher, 'unanswered' | 'publish'>;
  /** whether messages are marked for push; left out: they are not */
  push?: { readonly wanted: boolean };
  /** orders from the console, which become broadcasts when due; left out: none */
  orders?: Pick<BroadcastOrders, 'beginDue'>;
}

/** Receivers of one transaction; their conversations are locked until it commits. */
const batchSize = 500;
/** Pauses while this many batches of any kind wait for a route_server's reply. */
const maxUnanswered = 8;
const waitMs = 20;
/** No caller waits for the outcome of a broadcast's messages. */
const nobody: Caller = { finished() {} };

interface Claimed {
  id: number;
  from_id: number;
  type: number;
  data: Buffer;
  /** the next receivers */
  part: number[];
  last: boolean;
}

interface StoredPart {
  plan: BatchPlan;
  row: AppendRow;
  /** receivers that get no message */
  refused: number[];
}

/**
 * Sends broadcasts in batches; every replica runs one worker. The worker that has locked a broadcast's row stores the
 * messages of the next receivers and advances the position in the same transaction. So each receiver gets one message
 * wherever a crash happens, and no failure detection is needed. Delivery goes through the outbox like any other.
 */
export class BroadcastWorker {
  /** Finds broadcasts of other replicas, failed broadcasts, and due orders. */
  readonly question: Question = {
    name: 'unfinished_broadcasts',
    sql: `EXISTS (SELECT FROM broadcast WHERE finished_at IS NULL) OR EXISTS (SELECT FROM broadcast_order WHERE ${dueOrder})`,
    take: (unfinished) => {
      if (unfinished) this.wake();
    },
  };
  readonly #options: BroadcastWorkerOptions;
  readonly #writerEpoch: WriterEpoch;
  readonly #stored;
  readonly #failed;
  #running: Promise<void> | undefined;
  #failing = false;
  #stopped = false;

  constructor(options: BroadcastWorkerOptions) {
    this.#options = options;
    const { instance, metrics } = options.kit;
    this.#writerEpoch = new WriterEpoch(instance, 'broadcasts');
    this.#stored = metrics.counter('broadcast_messages_stored_total', 'Broadcast messages committed');
    this.#failed = metrics.counter(
      'broadcast_batches_failed_total',
      'Broadcast transactions that failed and are retried',
    );
  }

  /** Starts looking for work, unless that is in progress. */
  wake(): void {
    if (this.#stopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** See MessageWriter.renewWriterEpoch. */
  renewWriterEpoch(): void {
    this.#writerEpoch.renew();
  }

  /** Waits for the batch in progress; other replicas continue with the rest. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { kit, publisher, orders } = this.#options;
    try {
      for (let worked = true; worked && !this.#stopped; ) {
        if (publisher.unanswered >= maxUnanswered) {
          await new Promise((resolve) => setTimeout(resolve, waitMs));
        } else {
          const began = (await orders?.beginDue()) ?? false;
          worked = (await this.#work()) || began;
        }
      }
      this.#failing = false;
    } catch (error) {
      this.#failed.inc();
      if (!this.#failing) kit.log.warn({ err: error }, 'broadcast batch failed; retrying');
      this.#failing = true;
    }
  }

  /** @returns whether there was work */
  async #work(): Promise<boolean> {
    const client = await takeConnection(this.#options.pool);
    let part: StoredPart | undefined;
    try {
      await client.query('BEGIN');
      const claimed = await claim(client);
      if (claimed) {
        part = await this.#store(client, claimed);
        await advance(client, claimed, part);
      }
      await client.query('COMMIT');
      client.release();
    } catch (error) {
      // Closing the connection rolls back, unless the commit succeeded and only its reply was lost.
      this.#writerEpoch.renew();
      client.release(true);
      throw error;
    }
    if (!part) return false;
    const batch = storedBatch(part.plan, part.row);
    if (!batch) return true;
    this.#stored.inc(batch.messages.length);
    if (!this.#options.publisher.publish(batch)) this.#writerEpoch.renew();
    return true;
  }

  async #store(client: PoolClient, claimed: Claimed): Promise<StoredPart> {
    const refused: number[] = [];
    let entries = claimed.part.map((receiver) => entryFor(claimed, receiver));
    for (;;) {
      const plan = planBatch(entries);
      const { kit, push } = this.#options;
      const marked = push?.wanted ?? false;
      const row = await callAppendMessages(client, plan, kit.instance, this.#writerEpoch, [], marked);
      if (!row.refused) {
        for (const { entry, part } of plan.messages) {
          if (row.bases?.[part.index] === undefined || row.bases[part.index] === null) {
            refused.push(entry.toSessionId);
          }
        }
        return { plan, row, refused };
      }
      // The sender has left these groups; nothing is stored yet.
      const left = new Set(row.refused.map((index) => plan.messages[index - 1]?.entry));
      for (const entry of left) if (entry) refused.push(entry.toSessionId);
      entries = entries.filter((entry) => !left.has(entry));
      if (entries.length === 0) return { plan: planBatch([]), row, refused };
    }
  }
}

/** Locks the broadcast with the least progress that no other worker has locked. */
async function claim(client: PoolClient): Promise<Claimed | undefined> {
  const { rows } = await client.query<Claimed>({
    name: 'broadcast_claim',
    text: `
      SELECT id, from_id, type, data, receivers[done_count + 1 : done_count + ${batchSize}] AS part,
        done_count + ${batchSize} >= receiver_count AS last
      FROM broadcast WHERE finished_at IS NULL
      ORDER BY done_count, id LIMIT 1
      FOR UPDATE SKIP LOCKED`,
  });
  return rows[0];
}

async function advance(
  client: PoolClient,
  { id, part, last }: Claimed,
  { refused }: StoredPart,
): Promise<void> {
  await client.query({
    name: 'broadcast_advance',
    text: `
      UPDATE broadcast SET done_count = done_count + $2, stored_count = stored_count + $3,
        refused_count = refused_count + cardinality($4::int4[]),
        refused_ids = (refused_ids || $4::int4[])[1:${maxReportedIds}],
        finished_at = CASE WHEN $5 THEN clock_timestamp() END,
        receivers = CASE WHEN $5 THEN '{}' ELSE receivers END
      WHERE id = $1`,
    values: [id, part.length, part.length - refused.length, refused, last],
  });
}

/** A broadcast has no origin connection; its id serves as the request id. */
function entryFor({ id, from_id, type, data }: Claimed, receiver: number): Entry {
  return {
    isGroup: isGroupMessageType(type),
    low: isGroupMessageType(type) ? 0 : Math.min(from_id, receiver),
    high: isGroupMessageType(type) ? receiver : Math.max(from_id, receiver),
    fromUserId: from_id,
    toSessionId: receiver,
    msgType: type,
    msgData: data,
    key: undefined,
    originInstance: 0,
    originRequestId: id,
    originConnection: 0,
    receivedAt: 0,
    retry: false,
    horizon: 0,
    arrived: 0,
    caller: nobody,
  };
}
