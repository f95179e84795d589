import { every, type Kit } from '@teamtalk/service-kit';
import type { Pool, PoolClient } from 'pg';
import { takeConnection } from '../../database/take-connection.js';
import { encodeMessagePdu } from '../message-pdu.js';
import { decodeOutboxPayload, type OutboxMessage } from '../payload.js';
import type { ForeignUndelivered, StoredBatch, StoredMessage } from '../stored-batch.js';
import { findUndelivered } from './foreign-undelivered.js';
import type { OutboxPublisher } from './publisher.js';

export interface ReclaimerOptions {
  kit: Kit;
  pool: Pool;
  publisher: Pick<OutboxPublisher, 'inFlight' | 'hasRoom' | 'publish'>;
  /** whether a route_server can be reached now */
  canDeliver: () => boolean;
}

const sweepMs = 500;
/** Time after which rows of a dead owner are taken over; younger ones may be about to be deleted. */
const orphanMs = 300;
/** Time after which rows of a live but stuck owner are taken over; the instance's own rows use `orphanMs`. */
const stuckMs = 3_500;
/** Rows read in one sweep, oldest first. */
const rowsSeen = 10_000;
/** Rows taken over by one statement; each has at most 8 MiB. */
const rowsAtOnce = 16;

/** Class of the advisory locks held by live db_proxy_servers. */
export const ownerLockClass = 0x7474;

interface SeenRow {
  id: string;
  owner: string;
  /** its owner is dead or this instance */
  orphan: boolean;
}

interface OutboxRow {
  id: string;
  bases: (number | null)[];
  payload: Buffer;
}

interface Content {
  at: number;
  created_at: Date;
  type: number;
  data: Buffer;
  version: number | null;
}

/**
 * Takes over outbox rows of dead and stuck replicas, and rows of this instance that its publisher had no room for; from
 * then on the publisher delivers them like its own. A replica is alive while its session holds the advisory lock of its
 * instance, which ends with the process. The age of a row is measured from when this process first saw it, not by
 * PostgreSQL's clock, which may be changed.
 */
export class OutboxReclaimer {
  readonly #options: ReclaimerOptions;
  readonly #swept;
  readonly stop: () => Promise<void>;
  /** by id; `since`: performance.now() when the row was first seen with this owner while NATS was responsive */
  #seen = new Map<string, { owner: string; since: number }>();

  constructor(options: ReclaimerOptions) {
    this.#options = options;
    const { metrics } = options.kit;
    this.#swept = metrics.counter(
      'outbox_swept_total',
      'Batches taken over from a replica that died or is stuck, or found in the outbox',
    );
    this.stop = every(sweepMs, () => this.#sweep());
  }

  async #sweep(): Promise<void> {
    const { kit, pool, publisher, canDeliver } = this.#options;
    if (!canDeliver()) {
      // After an outage of NATS the owners deliver their rows themselves.
      this.#seen.clear();
      return;
    }
    if (!publisher.hasRoom) return;
    let client: PoolClient | undefined;
    try {
      client = await takeConnection(pool);
      const due = await this.#findDue(client);
      while (due.length > 0 && canDeliver() && publisher.hasRoom) {
        await this.#takeOver(client, due.splice(0, rowsAtOnce));
      }
      client.release();
    } catch (error) {
      client?.release(error instanceof Error ? error : true);
      kit.log.warn({ err: error }, 'outbox sweep failed');
    }
  }

  /** @returns the rows to take over, oldest first */
  async #findDue(client: PoolClient): Promise<SeenRow[]> {
    const { publisher, kit } = this.#options;
    const { rows } = await client.query<SeenRow>({
      name: 'see_outbox',
      text: `SELECT id, owner, owner = $1 OR owner NOT IN (
                 SELECT objid::int8 FROM pg_locks
                 WHERE locktype = 'advisory' AND classid = ${ownerLockClass} AND objsubid = 2 AND granted
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS orphan
             FROM outbox WHERE owner <> $1 OR id <> ALL ($2::int8[])
             ORDER BY id LIMIT ${rowsSeen}`,
      values: [kit.instance, publisher.inFlight],
    });
    const now = performance.now();
    const before = this.#seen;
    this.#seen = new Map();
    return rows.filter(({ id, owner, orphan }) => {
      const known = before.get(id);
      const seen = known?.owner === owner ? known : { owner, since: now };
      this.#seen.set(id, seen);
      return now - seen.since >= (orphan ? orphanMs : stuckMs);
    });
  }

  async #takeOver(client: PoolClient, due: readonly SeenRow[]): Promise<void> {
    const { publisher, kit } = this.#options;
    const { rows } = await client.query<OutboxRow>({
      name: 'take_over_outbox',
      text: `WITH taken AS (
               SELECT o.id FROM outbox o
               JOIN unnest($2::int8[], $3::int8[]) AS due(id, owner) ON due.id = o.id AND due.owner = o.owner
               ORDER BY o.id
               FOR UPDATE OF o SKIP LOCKED)
             UPDATE outbox o SET owner = $1, created_at = clock_timestamp() FROM taken
             WHERE o.id = taken.id
             RETURNING o.id, o.bases, o.payload`,
      values: [kit.instance, due.map(({ id }) => id), due.map(({ owner }) => owner)],
    });
    rows.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
    for (const batch of await rebuild(client, rows)) {
      this.#swept.inc();
      // If the publisher has no room, the row is found again as one of this instance.
      publisher.publish(batch, true);
    }
  }
}

/** Rebuilds the batches of outbox rows, with earlier undelivered messages of their conversations. */
async function rebuild(client: PoolClient, rows: readonly OutboxRow[]): Promise<StoredBatch[]> {
  const payloads = rows.map(({ payload, bases }) => decodeOutboxPayload(payload, bases));
  const contents = await contentsOf(client, payloads.flat());
  const firsts = firstOfEach(payloads.flat());
  const lowest = await findUndelivered(client, firsts, rows.at(-1)?.id);
  const foreignUndelivered = firsts.flatMap((first, i): ForeignUndelivered[] => {
    const id = lowest[i] ?? null;
    return id === null ? [] : [{ ...first, lowest: id }];
  });
  let at = 0;
  return rows.map(({ id }, i) => {
    const messages = (payloads[i] ?? []).flatMap((message) => {
      const content = contents.get(at++);
      return content ? [withContent(message, content)] : [];
    });
    return { outboxId: id, messages, foreignUndelivered: i === 0 ? foreignUndelivered : [] };
  });
}

/** Message contents by index in `messages`. */
async function contentsOf(
  client: PoolClient,
  messages: readonly OutboxMessage[],
): Promise<Map<number, Content>> {
  if (messages.length === 0) return new Map();
  const { rows } = await client.query<Content>({
    name: 'outbox_contents',
    text: `SELECT (o.i - 1)::int4 AS at, m.created_at, m.type, m.data, g.version
           FROM unnest($1::int4[], $2::int4[], $3::int4[]) WITH ORDINALITY AS o(low, high, id, i)
           JOIN message m ON m.conv = (o.low::int8 << 32) | o.high AND m.id = o.id
           LEFT JOIN chat_group g ON o.low = 0 AND g.id = o.high`,
    values: [messages.map((m) => m.low), messages.map((m) => m.high), messages.map((m) => m.msgId)],
  });
  return new Map(rows.map((row) => [row.at, row]));
}

/** The lowest message of each conversation. */
function firstOfEach(messages: readonly OutboxMessage[]): Omit<ForeignUndelivered, 'lowest'>[] {
  const firsts = new Map<string, Omit<ForeignUndelivered, 'lowest'>>();
  for (const { low, high, msgId } of messages) {
    const name = `${low}:${high}`;
    const known = firsts.get(name);
    if (!known || msgId < known.before) firsts.set(name, { low, high, before: msgId });
  }
  return [...firsts.values()];
}

function withContent(message: OutboxMessage, { created_at, type, data, version }: Content): StoredMessage {
  const { low: _low, high: _high, ...rest } = message;
  return {
    ...rest,
    groupVersion: version ?? 0,
    pdu: encodeMessagePdu({
      ...rest,
      createTime: Math.floor(created_at.getTime() / 1000),
      msgType: type,
      msgData: data,
    }),
  };
}
