import type { Bus, Registry } from '@teamtalk/bus';
import { type Kit, TeamTalkError } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import type { BotMessages } from '../../webhooks/bot-messages.js';
import { type GroupMembers, noLists } from '../group-members.js';
import type { StoredBatch } from '../stored-batch.js';
import { type Batch, BatchSender } from './batch-sender.js';
import { DeliveredRows } from './delivered-rows.js';
import { DirectBatch, DirectSender, type DirectSenderOptions } from './direct-sender.js';
import { ForeignUndeliveredWatch } from './foreign-undelivered.js';
import { UndeliveredTracker } from './undelivered-tracker.js';
import { bytesOf } from './wire-batch.js';

export interface PublisherOptions {
  kit: Kit;
  bus: Bus;
  pool: Pool;
  routeServers: Registry;
  members: GroupMembers;
  /** records each batch before it counts as delivered; a batch may be recorded again */
  bots: Pick<BotMessages, 'record'>;
  /** sends batches to msg_servers directly when nothing is in doubt; left out: a route_server sends all */
  direct?: Omit<DirectSenderOptions, 'kit'> | undefined;
  /** the store epoch of the batches; left out: 0 */
  epoch?: { readonly current: number };
  /** Most bytes of unanswered messages; further batches are left to the reclaimer. */
  maxBytes?: number;
}

/** Time without a reply after which a batch is retried, milliseconds: after the first attempt, and later ones. */
const retryAfterMs = { first: 1_000, later: 2_000 };
/** Pause after an immediate failure, milliseconds. */
const retryPauseMs = 100;
/** How often due batches are looked for, milliseconds. */
const pollIntervalMs = 50;
/** Most retried events in flight, and how long each counts as in flight, milliseconds. */
const redeliveries = { events: 8, ms: 1_000 };
const defaultMaxBytes = 64 * 1024 * 1024;

/** A batch that waits for a route_server's reply, or for those of the msg_servers it was sent to. */
interface Unanswered extends Batch {
  readonly since: number;
  readonly bytes: number;
  /** taken over from the outbox: it is sent by a route_server */
  readonly reclaimed: boolean;
  sends: number;
  direct: DirectBatch | undefined;
  /** performance.now() at which it may be retried */
  dueAt: number;
}

/**
 * Publishes committed batches in commit order: to the msg_servers concerned where it is certain which these are and that
 * they listen, otherwise to a route_server. It retries each with a route_server until either all of those msg_servers have
 * confirmed it or a route_server has replied. Only then is its outbox row deleted, by a later transaction. Retries are sent
 * together, oldest first, as many as fit in an event, and new batches queue behind them.
 */
export class OutboxPublisher {
  readonly #options: PublisherOptions;
  readonly #maxBytes: number;
  /** by outbox id, in commit order */
  readonly #unanswered = new Map<string, Unanswered>();
  readonly #undelivered = new UndeliveredTracker();
  readonly #sender: BatchSender;
  readonly #direct: DirectSender | undefined;
  readonly #foreignUndelivered: ForeignUndeliveredWatch;
  readonly #delivered: DeliveredRows;
  /** Runs while anything is unanswered. */
  #timer: NodeJS.Timeout | undefined;
  readonly #retries;
  readonly #sent;
  readonly #left;
  #bytes = 0;
  /** A failure since the last reply has been logged. */
  #failing = false;
  /** NATS was not responsive at the last poll. */
  #stalled = false;
  /** Older batches that were never sent must be sent first. */
  #mustQueue = false;
  #redeliveriesInFlight = 0;
  #queue: Promise<void> | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
    const { kit, pool } = options;
    this.#sender = new BatchSender(options, this.#undelivered);
    this.#direct = options.direct && new DirectSender({ ...options.direct, kit }, this.#undelivered);
    this.#delivered = new DeliveredRows(pool, kit);
    this.#foreignUndelivered = new ForeignUndeliveredWatch(
      pool,
      kit,
      this.#undelivered,
      () => this.#sender.responsive,
    );
    const { metrics } = kit;
    this.#retries = metrics.counter(
      'outbox_retries_total',
      'Batches sent again because nobody has confirmed them',
    );
    this.#sent = metrics.counter(
      'batches_sent_total',
      'Batches sent to msg_servers directly, and those sent by a route_server, with the reason',
      ['way', 'reason'],
    );
    this.#left = metrics.counter(
      'outbox_left_total',
      'Batches left to the reclaimer because too much is unanswered',
    );
    metrics.gauge(
      'outbox_in_flight_batches',
      'Batches that are not confirmed yet',
      () => this.#unanswered.size,
    );
    metrics.gauge('outbox_oldest_seconds', 'Age of the oldest batch in flight; 0: there is none', () => {
      for (const { since } of this.#unanswered.values()) return (performance.now() - since) / 1000;
      return 0;
    });
  }

  /** Outbox rows this publisher is delivering or about to delete. */
  get inFlight(): string[] {
    return [...this.#unanswered.keys(), ...this.#delivered.ids];
  }

  /** Batches without a reply. */
  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** Whether batches of other replicas can be taken over while leaving room for new ones. */
  get hasRoom(): boolean {
    return this.#bytes < this.#maxBytes / 2;
  }

  /**
   * Publishes a batch, or leaves it to the reclaimer when too much is unanswered.
   * @param reclaimed it was taken over from the outbox, and may have been sent before
   * @returns false when so many batches are left that undelivered messages can no longer be tracked
   */
  publish(batch: StoredBatch, reclaimed = false): boolean {
    if (this.#unanswered.has(batch.outboxId)) return true;
    const bytes = bytesOf(batch.messages);
    if (this.#unanswered.size > 0 && this.#bytes + bytes > this.#maxBytes) {
      this.#left.inc();
      return this.#undelivered.leave(batch);
    }
    const since = performance.now();
    const entry: Unanswered = {
      batch,
      since,
      bytes,
      reclaimed,
      lists: undefined,
      sends: 0,
      direct: undefined,
      dueAt: 0,
    };
    this.#unanswered.set(batch.outboxId, entry);
    this.#timer ??= setInterval(() => this.#sendDue(), pollIntervalMs);
    this.#bytes += bytes;
    this.#undelivered.begin(batch);
    if (!this.#sender.responsive) this.#mustQueue = true;
    if (!this.#mustQueue) this.#sendFirst(entry);
    return true;
  }

  /**
   * Drops all batches after a new store epoch, since they may no longer be stored. The reclaimer finds the ones still
   * in the outbox.
   */
  forget(): void {
    for (const { direct } of this.#unanswered.values()) direct?.forget();
    this.#unanswered.clear();
    this.#bytes = 0;
    this.#undelivered.clear();
  }

  takeDelivered(): string[] {
    return this.#delivered.take();
  }

  returnDelivered(ids: readonly string[]): void {
    this.#delivered.giveBack(ids);
  }

  /** Waits until all batches are answered and their rows deleted, at most `ms` milliseconds for the replies. */
  async stop(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (this.#unanswered.size > 0 && performance.now() < end) await pause(20);
    clearInterval(this.#timer);
    await Promise.all([this.#foreignUndelivered.stop(), this.#delivered.stop()]);
  }

  #sendFirst(entry: Unanswered): void {
    entry.dueAt = Number.POSITIVE_INFINITY;
    const lists = this.#options.members.listsFor(entry.batch.messages);
    const settling = entry.reclaimed ? undefined : this.#direct?.settling;
    if (!this.#queue && !(lists instanceof Promise) && !settling) {
      entry.lists = lists;
      this.#sendOnce(entry);
      return;
    }
    // Keeps commit order: no batch overtakes one that waits for its groups' members, or after an idle time for NATS.
    const turn = Promise.allSettled([lists, this.#queue, settling]).then(([loaded]) => {
      if (this.#queue === turn) this.#queue = undefined;
      if (loaded.status === 'fulfilled') entry.lists = loaded.value;
      this.#sendOnce(entry);
    });
    this.#queue = turn;
  }

  #sendOnce(entry: Unanswered): void {
    const reason = this.#sendDirectly(entry);
    if (reason === undefined) return;
    this.#sent.inc({ way: 'routed', reason });
    void this.#send([entry], false);
  }

  /** @returns why it was not sent; undefined: it was */
  #sendDirectly(entry: Unanswered): string | undefined {
    if (!this.#direct) return 'off';
    if (entry.reclaimed) return 'reclaimed';
    // Its members could not be loaded, or there is a new store epoch.
    if (!entry.lists || !this.#isUnanswered(entry)) return 'not-ready';
    const sent = this.#direct.send(entry, this.#options.epoch?.current ?? 0, {
      delivered: () => void this.#delivery(entry),
      broken: () => {
        if (entry.direct && this.#isUnanswered(entry)) entry.dueAt = performance.now();
      },
    });
    if (!(sent instanceof DirectBatch)) return sent;
    this.#sent.inc({ way: 'direct', reason: '' });
    entry.direct = sent;
    entry.sends++;
    entry.dueAt = performance.now() + retryAfterMs.first;
    return undefined;
  }

  async #delivery(entry: Unanswered): Promise<void> {
    try {
      await this.#answered(entry);
      this.#failing = false;
    } catch (error) {
      this.#failed(error);
      entry.dueAt = performance.now() + retryPauseMs;
    }
  }

  /** Sends due batches, oldest first, within the limit of retried events in flight. */
  #sendDue(): void {
    this.#mustQueue = false;
    if (this.#unanswered.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    // Retries while NATS is down would all arrive together when it recovers.
    if (!this.#sender.responsive) {
      this.#stalled = true;
      this.#mustQueue = true;
      return;
    }
    const now = performance.now();
    const limit = this.#sender.maxBytes;
    const missed = this.#stalled;
    this.#stalled = false;
    let group: Unanswered[] = [];
    let bytes = 0;
    for (const entry of this.#unanswered.values()) {
      if (missed && Number.isFinite(entry.dueAt)) entry.dueAt = now;
      if (entry.dueAt > now) continue;
      if (group.length > 0 && bytes + entry.bytes > limit) {
        this.#sendGroup(group);
        group = [];
        bytes = 0;
      }
      if (this.#redeliveriesInFlight < redeliveries.events) {
        group.push(entry);
        bytes += entry.bytes;
      } else if (entry.sends === 0) {
        this.#mustQueue = true;
      }
    }
    if (group.length > 0) this.#sendGroup(group);
  }

  #sendGroup(group: Unanswered[]): void {
    this.#redeliveriesInFlight++;
    this.#retries.inc(group.filter(({ sends }) => sends > 0).length);
    for (const entry of group) {
      const { direct, sends } = entry;
      entry.dueAt = Number.POSITIVE_INFINITY;
      entry.direct = undefined;
      const reason = direct?.giveUp() ?? (sends > 0 ? 'unanswered' : 'queued');
      this.#sent.inc({ way: 'routed', reason });
    }
    let counts = true;
    const done = () => {
      clearTimeout(timer);
      if (!counts) return;
      counts = false;
      this.#redeliveriesInFlight--;
      this.#sendDue();
    };
    const timer = setTimeout(done, redeliveries.ms);
    void this.#send(group, true).then(done);
  }

  async #send(group: readonly Unanswered[], redelivery: boolean): Promise<void> {
    let sent = group;
    try {
      if (group.some(({ lists }) => !lists)) sent = await this.#withMembers(group);
      sent = sent.filter((entry) => this.#isUnanswered(entry));
      const asked = this.#sender.send(sent, this.#options.epoch?.current ?? 0, redelivery);
      for (const entry of sent) {
        const retryAfter = entry.sends++ === 0 ? retryAfterMs.first : retryAfterMs.later;
        entry.dueAt = performance.now() + retryAfter;
      }
      await asked;
      for (const entry of sent) await this.#answered(entry);
      this.#failing = false;
    } catch (error) {
      this.#failed(error);
      const late = error instanceof TeamTalkError && error.code === 'deadline-exceeded';
      if (!late) for (const entry of sent) entry.dueAt = performance.now() + retryPauseMs;
    }
  }

  /** @returns the batches whose members are loaded; the others become due after a pause */
  async #withMembers(group: readonly Unanswered[]): Promise<Unanswered[]> {
    const load = async (entry: Unanswered) => {
      entry.lists ??= await this.#options.members.listsFor(entry.batch.messages);
    };
    const outcomes = await Promise.allSettled(group.map(load));
    return group.filter((entry, i) => {
      const outcome = outcomes[i];
      if (outcome?.status !== 'rejected') return true;
      this.#failed(outcome.reason);
      entry.dueAt = performance.now() + retryPauseMs;
      return false;
    });
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#options.kit.log.warn({ err: error }, 'batch delivery failed; retrying');
    this.#failing = true;
  }

  #isUnanswered(entry: Unanswered): boolean {
    return this.#unanswered.get(entry.batch.outboxId) === entry;
  }

  async #answered(entry: Unanswered): Promise<void> {
    const { outboxId, messages } = entry.batch;
    // A retried batch may get two replies.
    if (!this.#isUnanswered(entry)) return;
    await this.#options.bots.record(messages, entry.lists ?? noLists);
    if (!this.#isUnanswered(entry)) return;
    this.#unanswered.delete(outboxId);
    this.#bytes -= entry.bytes;
    this.#undelivered.end(entry.batch);
    this.#delivered.add(outboxId);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
