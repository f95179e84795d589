import { type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import { every, type Logger } from '@teamtalk/service-kit';
import type { Method } from './definitions.js';
import type { Replica, ReplicaPool } from './replica-pool.js';

export interface BatchedStreamOptions<Entry, Result, Frame, ResultFrame> {
  // biome-ignore lint/suspicious/noExplicitAny: only the frame types of a method matter here, and they are checked by toFrame and results
  method: Method<Frame, any, any, ResultFrame>;
  /**
   * @param confirmed what `receive` has confirmed since the last frame
   * @param horizon the store's horizon; 0: none
   * @param received result frames on this stream so far
   */
  toFrame(entries: Entry[], confirmed: number[], horizon: number, received: number): Frame;
  results(frame: ResultFrame): Result[];
  /** The first frame of every stream. */
  opening?: Frame;
  /** Gets each result frame after its results; what it confirms is sent with the next frame, or after 20 ms. */
  receive?(frame: ResultFrame, confirm: (number: number) => void): void;
  /** The store's horizon in a result frame, which a retry sends back: see `AppendResults.horizon`. */
  horizon?(frame: ResultFrame): number;
  /** Chooses the replica a key belongs to, among those that are up. */
  choose(key: number, replicas: readonly Replica[]): Replica | undefined;
  log: Logger;
  /** Milliseconds after which an entry without a result expires. */
  deadlineMs: number;
  /** Milliseconds for which entries are collected into a frame; 0: until the end of the event-loop turn. */
  flushMs: number;
  /** Number of entries in flight at which `full` becomes true. */
  maxPending: number;
  /** Without a replica, entries fail at once instead of waiting for one. */
  failFast?: boolean;
}

/** An entry that was sent, and may be stored. */
export interface SentEntry {
  requestId: number;
  /** the store's horizon when it was sent; 0: none */
  horizon: number;
}

interface Pending<Entry, Result> extends SentEntry {
  entry: Entry;
  key: number;
  /** performance.now() at which it expires */
  expires: number;
  done: (result: Result | undefined) => void;
  partition: Partition<Entry> | undefined;
}

/**
 * Keys with entries in flight stay with the replica that has them, or their entries could overtake each other. While the
 * set of replicas does not change, `choose` ensures that; only keys in flight at a change need a pin.
 */
interface Pin<Entry> {
  partition: Partition<Entry>;
  inFlight: number;
}

interface Partition<Entry> {
  replica: Replica;
  // biome-ignore lint/suspicious/noExplicitAny: the stream is opened by path; its types come from the options
  stream: ClientDuplexStream<any, any>;
  waiting: Entry[];
  scheduled: boolean;
  flushed: number;
  confirmed: number[];
  /** result frames */
  received: number;
  /** Set while confirmations wait for a frame. */
  confirming: NodeJS.Timeout | undefined;
}

const sweepMs = 250;
const reopenMs = 200;
/** Milliseconds for which confirmations wait for entries to be sent with. */
const confirmMs = 20;

/**
 * Sends numbered entries over one stream per replica, many entries per frame, and passes each entry its result. Entries
 * with the same key keep their order. When a stream breaks, its entries without a result are retried, in order and
 * marked as a retry, at a replica that is up; the store recognises those it already has.
 */
export class BatchedStream<
  Entry extends { requestId: number; retry?: boolean | null; horizon?: number | null },
  Result extends { requestId: number },
  Frame,
  ResultFrame,
> {
  readonly #pool: ReplicaPool;
  readonly #options: BatchedStreamOptions<Entry, Result, Frame, ResultFrame>;
  readonly #pending = new Map<number, Pending<Entry, Result>>();
  readonly #partitions = new Map<number, Partition<Entry>>();
  readonly #pins = new Map<number, Pin<Entry>>();
  /** performance.now() before which a replica's stream is not reopened */
  readonly #reopenAt = new Map<number, number>();
  /** Replicas of an older version without the method. */
  readonly #older = new Set<number>();
  /** Replicas whose stream broke and that have not answered since. */
  readonly #away = new Set<number>();
  readonly #stopSweeping: () => Promise<void>;
  #up: Replica[] = [];
  #requestId = 0;
  #horizon = 0;
  #idle: (() => void) | undefined;

  constructor(pool: ReplicaPool, options: BatchedStreamOptions<Entry, Result, Frame, ResultFrame>) {
    this.#pool = pool;
    this.#options = options;
    this.#stopSweeping = every(sweepMs, () => this.#sweep());
    pool.watch({
      onAdded: (replica) => this.#open(replica),
      onRemoved: (replica) => {
        const partition = this.#partitions.get(replica.instance);
        if (partition) this.#broken(partition, 'the replica is gone');
        this.#reopenAt.delete(replica.instance);
        this.#older.delete(replica.instance);
        this.#away.delete(replica.instance);
      },
    });
  }

  /** Entries without a result yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /** True while callers should stop sending entries. */
  get full(): boolean {
    return this.#pending.size >= this.#options.maxPending;
  }

  /** Whether any replica is connected. */
  get available(): boolean {
    return this.#up.length > 0;
  }

  /**
   * Sends one entry. The stream owns it from now on and sets its `requestId`.
   * @param key unsigned 32-bit: entries of one key keep their order
   * @param done gets the result, or undefined at the deadline (the entry may or may not be stored)
   * @param previous what `send` returned for an earlier attempt of this entry whose outcome is unknown
   * @param traced the lowest bit of a new request id, which tells every service that the entry is traced
   * @returns what a retry has to pass as `previous`
   */
  send(
    entry: Entry,
    key: number,
    done: (result: Result | undefined) => void,
    previous?: SentEntry,
    traced = false,
  ): SentEntry {
    if (previous === undefined) this.#requestId = (this.#requestId + 2) >>> 0;
    const requestId = previous?.requestId ?? (traced ? this.#requestId + 1 : this.#requestId);
    entry.requestId = requestId;
    const pending: Pending<Entry, Result> = {
      requestId,
      horizon: previous?.horizon ?? this.#horizon,
      entry,
      key,
      expires: performance.now() + this.#options.deadlineMs,
      done,
      partition: undefined,
    };
    if (previous) markRetry(pending);
    this.#pending.set(requestId, pending);
    this.#route(pending);
    return pending;
  }

  /** Resolves when every entry has its result or has expired. */
  async settle(): Promise<void> {
    if (this.#pending.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Drops pending entries and closes the streams. */
  stop(): void {
    void this.#stopSweeping();
    for (const pending of [...this.#pending.values()]) this.#finish(pending, undefined);
    for (const partition of this.#partitions.values()) {
      clearTimeout(partition.confirming);
      partition.stream.end();
    }
    this.#partitions.clear();
    this.#up = [];
  }

  #open(replica: Replica): void {
    const { method, opening, receive } = this.#options;
    const stream = replica.client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    const partition: Partition<Entry> = {
      replica,
      stream,
      waiting: [],
      scheduled: false,
      flushed: 0,
      confirmed: [],
      received: 0,
      confirming: undefined,
    };
    if (opening) stream.write(opening);
    const confirm = (number: number) => this.#confirm(partition, number);
    this.#pinInFlight();
    this.#partitions.set(replica.instance, partition);
    this.#up = [...this.#partitions.values()].map((each) => each.replica);
    stream.on('data', (frame: ResultFrame) => {
      partition.received++;
      this.#away.delete(replica.instance);
      this.#horizon = this.#options.horizon?.(frame) || this.#horizon;
      for (const result of this.#options.results(frame)) {
        const pending = this.#pending.get(result.requestId);
        if (pending) this.#finish(pending, result);
      }
      receive?.(frame, confirm);
    });
    stream.on('error', (error: ServiceError) => {
      if (error.code === status.UNIMPLEMENTED) this.#older.add(replica.instance);
      this.#broken(partition, error.message);
    });
    stream.on('end', () => this.#broken(partition, 'the replica ended the stream'));
    for (const pending of this.#pending.values()) if (!pending.partition) this.#route(pending);
  }

  #broken(partition: Partition<Entry>, reason: string): void {
    const { instance } = partition.replica;
    if (this.#partitions.get(instance) !== partition) return;
    this.#pinInFlight();
    this.#partitions.delete(instance);
    this.#up = [...this.#partitions.values()].map((each) => each.replica);
    this.#reopenAt.set(instance, performance.now() + reopenMs);
    partition.stream.cancel();
    clearTimeout(partition.confirming);
    for (const [key, pin] of this.#pins) if (pin.partition === partition) this.#pins.delete(key);
    const orphans = [...this.#pending.values()].filter((pending) => pending.partition === partition);
    // A replica that stays down is retried many times; log it once.
    const level = this.#away.has(instance) ? 'debug' : 'warn';
    this.#away.add(instance);
    this.#options.log[level]({ reason, entries: orphans.length }, 'stream to db_proxy_server broke');
    const now = performance.now();
    for (const pending of orphans) {
      // This process stalled past the deadline: the sender may have retried elsewhere.
      if (pending.expires <= now) {
        this.#finish(pending, undefined);
        continue;
      }
      pending.partition = undefined;
      markRetry(pending);
      this.#route(pending);
    }
  }

  /** Before the replicas change: pins keys with entries in flight to their current replica. */
  #pinInFlight(): void {
    this.#pins.clear();
    for (const { key, partition } of this.#pending.values()) {
      if (!partition) continue;
      const pin = this.#pins.get(key);
      if (pin) pin.inFlight++;
      else this.#pins.set(key, { partition, inFlight: 1 });
    }
  }

  #route(pending: Pending<Entry, Result>): void {
    const pin = this.#pins.size > 0 ? this.#pins.get(pending.key) : undefined;
    let partition = pin?.partition;
    if (!partition) {
      const replica = this.#options.choose(pending.key, this.#up);
      partition = replica && this.#partitions.get(replica.instance);
      if (!partition) {
        if (this.#options.failFast) setImmediate(() => this.#giveUp(pending));
        return;
      }
    }
    if (pin) pin.inFlight++;
    pending.partition = partition;
    partition.waiting.push(pending.entry);
    if (!partition.scheduled) this.#schedule(partition);
  }

  #schedule(partition: Partition<Entry>): void {
    partition.scheduled = true;
    const since = performance.now() - partition.flushed;
    const { flushMs } = this.#options;
    if (since >= flushMs) setImmediate(() => this.#flush(partition));
    else setTimeout(() => this.#flush(partition), flushMs - since);
  }

  #flush(partition: Partition<Entry>): void {
    partition.scheduled = false;
    if (this.#partitions.get(partition.replica.instance) !== partition || partition.waiting.length === 0)
      return;
    partition.flushed = performance.now();
    this.#write(partition);
  }

  #write(partition: Partition<Entry>): void {
    const { waiting, confirmed } = partition;
    partition.waiting = [];
    if (confirmed.length > 0) partition.confirmed = [];
    partition.stream.write(this.#options.toFrame(waiting, confirmed, this.#horizon, partition.received));
  }

  #confirm(partition: Partition<Entry>, number: number): void {
    partition.confirmed.push(number);
    partition.confirming ??= setTimeout(() => {
      partition.confirming = undefined;
      if (partition.confirmed.length > 0) this.#write(partition);
    }, confirmMs);
  }

  #giveUp(pending: Pending<Entry, Result>): void {
    if (!pending.partition && this.#pending.has(pending.entry.requestId)) this.#finish(pending, undefined);
  }

  #finish(pending: Pending<Entry, Result>, result: Result | undefined): void {
    this.#pending.delete(pending.entry.requestId);
    if (pending.partition && this.#pins.size > 0) {
      const pin = this.#pins.get(pending.key);
      if (pin && pin.partition === pending.partition && --pin.inFlight === 0) this.#pins.delete(pending.key);
    }
    pending.done(result);
    if (this.#pending.size === 0 && this.#idle) {
      this.#idle();
      this.#idle = undefined;
    }
  }

  #sweep(): void {
    const now = performance.now();
    for (const pending of this.#pending.values()) {
      // Oldest first: the map keeps insertion order.
      if (pending.expires > now) break;
      this.#finish(pending, undefined);
    }
    for (const replica of this.#pool.replicas) {
      const { instance } = replica;
      if (this.#partitions.has(instance) || this.#older.has(instance)) continue;
      if ((this.#reopenAt.get(instance) ?? 0) > now) continue;
      this.#open(replica);
    }
  }
}

function markRetry({
  entry,
  horizon,
}: {
  entry: { retry?: boolean | null; horizon?: number | null };
  horizon: number;
}) {
  entry.retry = true;
  entry.horizon = horizon;
}
