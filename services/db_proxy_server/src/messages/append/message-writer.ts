import { type Kit, traceId } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { takeConnection } from '../../database/take-connection.js';
import { type BatchPlan, type PlannedMessage, planBatch } from '../batch-plan.js';
import type { Entry, Outcome } from '../entry.js';
import type { StoredBatch } from '../stored-batch.js';
import { type AppendRow, callAppendMessages } from './append-statement.js';
import { recordCommit, recordRefused } from './commit-spans.js';
import { GroupCommit } from './group-commit.js';
import type { Horizon } from './horizon.js';
import { storedBatch } from './stored-messages.js';
import { WriterEpoch } from './writer-epoch.js';

export interface MessageWriterOptions {
  kit: Kit;
  /** has at least one connection a partition */
  pool: Pool;
  /** transactions at a time; a conversation always goes through the same partition */
  partitions: number;
  /** least time between the beginnings of two transactions of a partition, milliseconds */
  spacingMs: number;
  horizon: Pick<Horizon, 'value'>;
  publisher: {
    /** Brings a committed batch to its receivers. @returns false when it is not known what is open any more */
    publish(batch: StoredBatch): boolean;
    /** Outbox rows to delete in the next transaction. */
    takeDelivered(): string[];
    /** The transaction failed: they are still to be deleted. */
    returnDelivered(ids: string[]): void;
  };
  /** told of each batch that is committed */
  epoch?: { noteStored(batch: StoredBatch): void };
}

/** Messages one transaction may hold. */
const maxBatch = 2000;
/** Bytes of message data one transaction may hold, unless a single message has more. */
const maxBatchBytes = 8 * 1024 * 1024;
/** An entry that could not be stored this long after it came, milliseconds, is answered as unavailable. */
const maxAgeMs = 3_000;
const retryPauseMs = 50;

/**
 * The only writer of messages: group commit into `append_messages`, one call a batch. What is committed
 * goes to the publisher; each entry's caller hears of it after the commit, never before.
 */
export class MessageWriter {
  readonly #options: MessageWriterOptions;
  readonly #partitions: GroupCommit<Entry>[];
  readonly #writerEpoch: WriterEpoch;
  readonly #stored;
  readonly #refused;
  readonly #batchSize;
  readonly #commitSeconds;
  readonly #failures;
  /** Whether the log shows level debug: asked once, because it costs on the message path. */
  readonly #debug: boolean;

  constructor(options: MessageWriterOptions) {
    this.#options = options;
    const { partitions, spacingMs } = options;
    this.#partitions = Array.from(
      { length: partitions },
      () => new GroupCommit<Entry>({ maxBatch, spacingMs, commit: (entries) => this.#commit(entries) }),
    );
    const { instance, log, metrics } = options.kit;
    this.#writerEpoch = new WriterEpoch(instance, 'appends');
    this.#debug = log.isLevelEnabled('debug');
    this.#stored = metrics.counter('messages_stored_total', 'Messages committed');
    this.#refused = metrics.counter('messages_refused_total', 'Messages not stored', ['reason']);
    this.#batchSize = metrics.histogram(
      'commit_batch_messages',
      'Messages in one transaction',
      [],
      [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
    );
    this.#commitSeconds = metrics.histogram('commit_seconds', 'Time of one transaction');
    this.#failures = metrics.counter(
      'commit_failures_total',
      'Transactions that failed and were tried again',
    );
    metrics.gauge('append_queue_messages', 'Messages that wait for a transaction', () => this.depth);
  }

  get depth(): number {
    let depth = 0;
    for (const partition of this.#partitions) depth += partition.depth;
    return depth;
  }

  append(entry: Entry): void {
    const partition = (Math.imul(entry.low, 31) + entry.high) % this.#partitions.length;
    (this.#partitions[Math.abs(partition)] as GroupCommit<Entry>).add(entry);
  }

  /** Forgets waiting entries whose caller is gone: he sends them again elsewhere. */
  discard(where: (entry: Entry) => boolean): void {
    for (const partition of this.#partitions) partition.discard(where);
  }

  /** It is no longer known here what is not delivered yet of what this writer stored. */
  renewWriterEpoch(): void {
    this.#writerEpoch.renew();
  }

  async settle(): Promise<void> {
    await Promise.all(this.#partitions.map((partition) => partition.settle()));
  }

  async #commit(entries: Entry[]): Promise<void> {
    for (const part of splitByBytes(entries)) await this.#commitPart(part);
  }

  /** Tries until the entries have an outcome; those that grow too old get `unavailable`. */
  async #commitPart(entries: Entry[]): Promise<void> {
    const horizon = this.#options.horizon.value;
    let remaining = entries;
    let failed = false;
    while (remaining.length > 0) {
      remaining = this.#dropAged(remaining);
      if (remaining.length === 0) return;
      try {
        remaining = await this.#attempt(remaining);
      } catch (error) {
        this.#failures.inc();
        // What this statement has stored nevertheless, nobody here knows of.
        this.#writerEpoch.renew();
        if (isLostRace(error)) {
          this.#options.kit.log.debug({ err: error }, 'another replica was first; looking again');
        } else if (!failed) {
          this.#options.kit.log.error(
            { err: error, entries: remaining.length },
            'a batch is not committed yet',
          );
        }
        failed = true;
        // The statement may have been committed though its answer was lost: look for each one first.
        for (const entry of remaining) {
          if (!entry.retry) entry.horizon = horizon;
          entry.retry = true;
        }
        if (isDataError(error)) {
          await this.#commitHalves(remaining);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
      }
    }
  }

  /** One entry that PostgreSQL cannot take must not keep the others from being stored. */
  async #commitHalves(entries: Entry[]): Promise<void> {
    if (entries.length === 1) {
      this.#finish(entries[0] as Entry, { status: 'unavailable' });
      return;
    }
    const middle = entries.length >> 1;
    await this.#commitPart(entries.slice(0, middle));
    await this.#commitPart(entries.slice(middle));
  }

  #dropAged(entries: Entry[]): Entry[] {
    const oldest = performance.now() - maxAgeMs;
    if (entries.every((entry) => entry.arrived >= oldest)) return entries;
    return entries.filter((entry) => {
      if (entry.arrived >= oldest) return true;
      this.#finish(entry, { status: 'unavailable' });
      return false;
    });
  }

  /** @returns the entries still without an outcome, because others had to be taken out of the batch first */
  async #attempt(entries: Entry[]): Promise<Entry[]> {
    const plan = planBatch(entries);
    const delivered = this.#options.publisher.takeDelivered();
    const begun = performance.now();
    const stopTimer = this.#commitSeconds.startTimer();
    let row: AppendRow;
    try {
      row = await this.#call(plan, delivered);
    } catch (error) {
      this.#options.publisher.returnDelivered(delivered);
      throw error;
    }
    stopTimer();
    if (row.known || row.refused || row.too_far) return this.#takeOut(plan, row, entries);
    this.#batchSize.observe(plan.messages.length);
    this.#publish(plan, row);
    this.#finishAll(plan, row);
    const { tracing } = this.#options.kit;
    if (tracing) recordCommit(tracing, plan, row, begun);
    return [];
  }

  #takeOut({ messages, repeats }: BatchPlan, row: AppendRow, entries: Entry[]): Entry[] {
    const outcomes = new Map<Entry, Outcome>();
    const entryAt = (index: number) => (messages[index - 1] as PlannedMessage).entry;
    for (const index of row.refused ?? []) outcomes.set(entryAt(index), { status: 'not-a-member' });
    for (const index of row.too_far ?? []) outcomes.set(entryAt(index), { status: 'unavailable' });
    // What is stored is stored, even if its sender has left the group since.
    row.known?.forEach((index, i) => {
      outcomes.set(entryAt(index), { status: 'stored', msgId: row.known_id?.[i] as number });
    });
    return entries.filter((entry) => {
      const outcome = outcomes.get(repeats.get(entry) ?? entry);
      if (outcome) this.#finish(entry, outcome);
      return !outcome;
    });
  }

  #publish(plan: BatchPlan, row: AppendRow): void {
    const batch = storedBatch(plan, row);
    if (!batch) return;
    const { outboxId: outbox, messages } = batch;
    if (this.#debug) {
      for (const { originInstance, originRequestId, msgId } of messages) {
        const trace = traceId(originInstance, originRequestId);
        this.#options.kit.log.debug({ trace, msgId, outbox }, 'message stored');
      }
    }
    this.#stored.inc(messages.length);
    this.#options.epoch?.noteStored(batch);
    if (!this.#options.publisher.publish(batch)) this.#writerEpoch.renew();
  }

  #finishAll({ messages, repeats }: BatchPlan, { bases }: AppendRow): void {
    const outcomes = repeats.size > 0 ? new Map<Entry, Outcome>() : undefined;
    for (const { entry, part, rank } of messages) {
      const base = bases?.[part.index];
      const outcome: Outcome =
        base === null || base === undefined
          ? { status: 'unknown-receiver' }
          : { status: 'stored', msgId: base + rank };
      outcomes?.set(entry, outcome);
      this.#finish(entry, outcome);
    }
    for (const [entry, earlier] of repeats) this.#finish(entry, outcomes?.get(earlier) as Outcome);
  }

  #finish(entry: Entry, outcome: Outcome): void {
    if (outcome.status !== 'stored') {
      this.#refused.inc({ reason: outcome.status });
      const { tracing } = this.#options.kit;
      if (tracing) recordRefused(tracing, entry, outcome.status);
    }
    entry.caller.finished(entry, outcome);
  }

  async #call(plan: BatchPlan, delivered: string[]): Promise<AppendRow> {
    const { pool, kit } = this.#options;
    const client = await takeConnection(pool);
    let broken: Error | undefined;
    try {
      return await callAppendMessages(client, plan, kit.instance, this.#writerEpoch, delivered);
    } catch (error) {
      // After a time-out the connection still waits for the old answer: never use it again.
      broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

function splitByBytes(entries: Entry[]): Entry[][] {
  const parts: Entry[][] = [];
  let part: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (part.length > 0 && bytes + entry.msgData.length > maxBatchBytes) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(entry);
    bytes += entry.msgData.length;
  }
  parts.push(part);
  return parts;
}

/** Two replicas with the same key, or with conversations locked crosswise: the next attempt sees the other's result. */
function isLostRace(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === '23505' || code === '40P01' || code === '40001';
}

/** SQLSTATE classes 22 (data) and 54 (limits): the same batch will never go through. */
function isDataError(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && (code.startsWith('22') || code.startsWith('54'));
}
