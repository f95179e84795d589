import { type Kit, traceId } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { takeConnection } from '../../database/take-connection.js';
import { type BatchPlan, type PlannedMessage, planBatch } from '../batch-plan.js';
import { type Caller, type Entry, type Outcome, senderIn } from '../entry.js';
import type { StoredBatch } from '../stored-batch.js';
import { type AppendRow, callAppendMessages } from './append-statement.js';
import { recordCommit, recordRefused } from './commit-spans.js';
import { GroupCommit } from './group-commit.js';
import { storedBatch } from './stored-messages.js';
import { WriterEpoch } from './writer-epoch.js';

export interface MessageWriterOptions {
  kit: Kit;
  /** at least one connection per partition */
  pool: Pool;
  /** concurrent transactions; each conversation belongs to one partition */
  partitions: number;
  /** least time between the starts of two transactions of a partition, milliseconds */
  spacingMs: number;
  publisher: {
    /** Publishes a committed batch. @returns false when undelivered messages can no longer be tracked */
    publish(batch: StoredBatch): boolean;
    /** Outbox rows to delete in the next transaction. */
    takeDelivered(): string[];
    /** Returns rows of a failed transaction, which must still be deleted. */
    returnDelivered(ids: string[]): void;
  };
  /** notified of each committed batch */
  epoch?: { noteStored(batch: StoredBatch): void };
  /** whether messages are marked for push; left out: they are not */
  push?: { readonly wanted: boolean };
}

/** Most messages of one transaction. */
const maxBatch = 2000;
/** Most bytes of message data of one transaction, unless a single message has more. */
const maxBatchBytes = 8 * 1024 * 1024;
/** Age at which an entry that is not stored yet fails with `unavailable`, milliseconds. */
const maxAgeMs = 3_000;
const retryPauseMs = 50;

/**
 * Writes all messages: group commit into `append_messages`, one call per batch. Committed batches go to the publisher;
 * callers get their outcome only after the commit.
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
  /** Whether level debug is logged; cached because the check is on the hot path. */
  readonly #debug: boolean;
  readonly #gone = new WeakSet<Caller>();

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
    this.#refused = metrics.counter('messages_refused_total', 'Messages that were not stored, by reason', [
      'reason',
    ]);
    this.#batchSize = metrics.histogram(
      'commit_batch_messages',
      'Messages in one transaction',
      [],
      [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
    );
    this.#commitSeconds = metrics.histogram('commit_seconds', 'Duration of one transaction');
    this.#failures = metrics.counter('commit_failures_total', 'Transactions that failed and were retried');
    metrics.gauge('append_queue_messages', 'Messages waiting for a transaction', () => this.depth);
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

  /**
   * Drops the entries of a caller that is gone, except those in a statement: the caller retries them on another replica, in
   * order, so that none may be stored here later than that.
   */
  discard(caller: Caller): void {
    this.#gone.add(caller);
    for (const partition of this.#partitions) partition.discard((entry) => entry.caller === caller);
  }

  /** To be called when undelivered messages of this writer can no longer be tracked: see WriterEpoch. */
  renewWriterEpoch(): void {
    this.#writerEpoch.renew();
  }

  async settle(): Promise<void> {
    await Promise.all(this.#partitions.map((partition) => partition.settle()));
  }

  async #commit(entries: Entry[]): Promise<void> {
    const aged = new Set<string>();
    for (const part of splitByBytes(entries)) await this.#commitPart(part, aged);
  }

  /**
   * Retries until every entry has an outcome; entries older than `maxAgeMs` get `unavailable`.
   * @param aged whose messages to which conversation were too old in this transaction so far
   */
  async #commitPart(entries: Entry[], aged: Set<string>): Promise<void> {
    let remaining = entries;
    let failed = false;
    while (remaining.length > 0) {
      const wanted = remaining.filter(({ caller }) => !this.#gone.has(caller));
      remaining = this.#dropAged(wanted, aged);
      if (remaining.length < wanted.length) {
        // After a suspension the sockets may hold more of these senders' messages, with the end of the stream right behind.
        await pause();
        continue;
      }
      if (remaining.length === 0) return;
      try {
        remaining = await this.#attempt(remaining);
      } catch (error) {
        this.#failures.inc();
        // The statement may have stored messages this process does not track.
        this.#writerEpoch.renew();
        if (isLostRace(error)) {
          this.#options.kit.log.debug({ err: error }, 'batch conflicted with another replica; retrying');
        } else if (!failed) {
          this.#options.kit.log.error(
            { err: error, entries: remaining.length },
            'batch commit failed; retrying',
          );
        }
        failed = true;
        // The statement may have committed although its reply was lost, so each entry is looked up first.
        for (const entry of remaining) entry.retry = true;
        if (isDataError(error)) {
          await this.#commitHalves(remaining, aged);
          return;
        }
        await pause();
      }
    }
  }

  /** Splits the batch, so that one entry that PostgreSQL rejects does not block the others. */
  async #commitHalves(entries: Entry[], aged: Set<string>): Promise<void> {
    if (entries.length === 1) {
      this.#finish(entries[0] as Entry, { status: 'unavailable' });
      return;
    }
    const middle = entries.length >> 1;
    await this.#commitPart(entries.slice(0, middle), aged);
    await this.#commitPart(entries.slice(middle), aged);
  }

  /**
   * With an aged entry go its sender's later ones in the conversation, those of waiting transactions too: the caller may
   * have sent all of them elsewhere, and here they would overtake it.
   */
  #dropAged(entries: Entry[], aged: Set<string>): Entry[] {
    const oldest = performance.now() - maxAgeMs;
    const old = entries.filter(({ arrived }) => arrived < oldest);
    if (old.length === 0 && aged.size === 0) return entries;
    for (const entry of old) aged.add(senderIn(entry));
    const drop = (entry: Entry) => {
      if (!aged.has(senderIn(entry))) return false;
      this.#finish(entry, { status: 'unavailable' });
      return true;
    };
    if (old.length > 0) for (const partition of this.#partitions) partition.discard(drop);
    return entries.filter((entry) => !drop(entry));
  }

  /** @returns the entries without an outcome; when it settles some entries by look-up, nothing else is stored */
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
    // A stored message is acknowledged even if its sender has left the group since.
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
    const { pool, kit, push } = this.#options;
    const client = await takeConnection(pool);
    let broken: Error | undefined;
    try {
      const marked = push?.wanted ?? false;
      return await callAppendMessages(client, plan, kit.instance, this.#writerEpoch, delivered, marked);
    } catch (error) {
      // After a timeout the connection still expects the old reply, so it must not be reused.
      broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, retryPauseMs));
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

/** A duplicate key or a deadlock between replicas: the next attempt sees the other's result. */
function isLostRace(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === '23505' || code === '40P01' || code === '40001';
}

/** SQLSTATE classes 22 (data) and 54 (limits): retrying the same batch cannot succeed. */
function isDataError(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && (code.startsWith('22') || code.startsWith('54'));
}
