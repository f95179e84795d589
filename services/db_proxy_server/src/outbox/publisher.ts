import { type Bus, type Registry, rendezvous, type teamtalk, topics } from '@teamtalk/bus';
import type { Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import type { BotMessages } from '../webhooks/bot-messages.js';
import type { GroupMembers, MemberLists } from './group-members.js';
import { OpenMessages } from './open-messages.js';
import type { StoredBatch, StoredMessage } from './stored-batch.js';

export interface PublisherOptions {
  kit: Kit;
  bus: Bus;
  pool: Pool;
  routeServers: Registry;
  members: GroupMembers;
  /** told of each batch before it counts as delivered; a batch may come again */
  bots: Pick<BotMessages, 'record'>;
}

/** Milliseconds a route_server has to answer for a batch. */
const answerMs = 1_000;
/** Pause before a batch is sent again, milliseconds. */
const retryPauseMs = 100;
/** Batches sent again and again at most; what is beyond waits in the outbox for the sweeper. */
const maxInFlight = 512;
/** How often rows are deleted while no transaction comes along to do it, milliseconds. */
const idleDeleteMs = 200;
/** Bytes kept free in an event for what is not a PDU. */
const eventReserve = 64 * 1024;

type WireMessage = teamtalk.bus.StoredMessage.$Properties;

/**
 * Brings committed batches to a route_server, in the order of commit, and again until one has answered
 * for each. Only then is the batch's outbox row deleted, along with a later transaction.
 */
export class OutboxPublisher {
  readonly #options: PublisherOptions;
  /** by outbox id, when each was committed; the oldest first */
  readonly #inFlight = new Map<string, number>();
  readonly #open = new OpenMessages();
  readonly #timer: NodeJS.Timeout;
  readonly #retries;
  readonly #left;
  #delivered: string[] = [];
  /** Since the last batch that was answered for, one was not: that has been logged. */
  #failing = false;
  #queue: Promise<void> | undefined;
  #stopped = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
    const { metrics } = options.kit;
    this.#retries = metrics.counter(
      'outbox_retries_total',
      'Batches sent again because no route_server answered',
    );
    this.#left = metrics.counter(
      'outbox_left_total',
      'Batches left to the sweeper because too many are unanswered',
    );
    metrics.gauge(
      'outbox_in_flight_batches',
      'Batches no route_server has answered for yet',
      () => this.#inFlight.size,
    );
    metrics.gauge('outbox_oldest_seconds', 'Age of the oldest of them; 0: there is none', () => {
      for (const since of this.#inFlight.values()) return (performance.now() - since) / 1000;
      return 0;
    });
    this.#timer = setInterval(() => void this.#deleteIdle(), idleDeleteMs);
  }

  /** Outbox rows this publisher is busy with, or about to delete. */
  get inFlight(): string[] {
    return [...this.#inFlight.keys(), ...this.#delivered];
  }

  publish(batch: StoredBatch): void {
    if (this.#inFlight.size >= maxInFlight) {
      this.#left.inc();
      return;
    }
    this.#inFlight.set(batch.outboxId, performance.now());
    this.#open.begin(batch.messages);
    const lists = this.#options.members.listsFor(batch.messages);
    if (!this.#queue && !(lists instanceof Promise)) {
      void this.#deliver(batch, lists);
      return;
    }
    // Batches leave in the order of commit: none overtakes one that waits for its groups' members.
    const turn = Promise.allSettled([lists, this.#queue]).then(([loaded]) => {
      if (this.#queue === turn) this.#queue = undefined;
      void this.#deliver(batch, loaded.status === 'fulfilled' ? loaded.value : undefined);
    });
    this.#queue = turn;
  }

  /**
   * Sends one batch that the sweeper found.
   * @throws TeamTalkError when no route_server answers for it
   */
  async redeliver({ messages }: StoredBatch): Promise<void> {
    const lists = await this.#options.members.listsFor(messages);
    await this.#send(messages, lists, true);
    await this.#options.bots.record(messages, lists);
  }

  takeDelivered(): string[] {
    const delivered = this.#delivered;
    if (delivered.length > 0) this.#delivered = [];
    return delivered;
  }

  returnDelivered(ids: string[]): void {
    this.#delivered.push(...ids);
  }

  /** Waits until everything in flight is answered for and its rows are deleted, or until `ms` are over. */
  async stop(ms: number): Promise<void> {
    const end = Date.now() + ms;
    while (this.#inFlight.size > 0 && Date.now() < end) await pause(20);
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#deleteIdle();
  }

  /** @param known the members of its groups; undefined: they could not be loaded yet */
  async #deliver(batch: StoredBatch, known: MemberLists | undefined): Promise<void> {
    let lists = known;
    let redelivery = false;
    while (!this.#stopped) {
      try {
        lists ??= await this.#options.members.listsFor(batch.messages);
        await this.#send(batch.messages, lists, redelivery);
        await this.#options.bots.record(batch.messages, lists);
        this.#delivered.push(batch.outboxId);
        this.#failing = false;
        break;
      } catch (error) {
        if (!this.#failing) {
          this.#options.kit.log.warn({ err: error, outbox: batch.outboxId }, 'batches are sent again');
        }
        this.#failing = true;
        this.#retries.inc();
        redelivery = true;
        await pause(retryPauseMs);
      }
    }
    this.#inFlight.delete(batch.outboxId);
    this.#open.end(batch.messages);
  }

  async #send(messages: readonly StoredMessage[], lists: MemberLists, redelivery: boolean): Promise<void> {
    const { bus, kit, routeServers } = this.#options;
    // What would be asked again and again arrives all together when NATS is back, and in nobody's favour.
    if (!bus.hears) throw new Error('NATS is silent');
    const wire = messages
      .map((message) => toWire(message, lists, this.#open.before(message)))
      .filter((message) => message !== undefined);
    if (wire.length === 0) return;
    const alive = routeServers.all();
    const active = alive.filter((each) => !each.draining);
    // A retry goes to any of them: the one chosen first may be alive but stuck.
    const key = redelivery ? (Math.random() * 0x1_0000_0000) >>> 0 : kit.instance;
    const chosen = rendezvous(key, active.length > 0 ? active : alive);
    if (!chosen) throw new Error('no route_server is known');
    await Promise.all(
      chunks(wire, bus.maxEventBytes - eventReserve).map((part) =>
        bus.request(topics.storedBatch(chosen.instance), { messages: part, redelivery }, answerMs),
      ),
    );
  }

  async #deleteIdle(): Promise<void> {
    const ids = this.takeDelivered();
    if (ids.length === 0) return;
    try {
      await this.#options.pool.query('DELETE FROM outbox WHERE id = ANY ($1::int8[])', [ids]);
    } catch (error) {
      this.returnDelivered(ids);
      this.#options.kit.log.warn({ err: error, rows: ids.length }, 'outbox rows could not be deleted yet');
    }
  }
}

/** undefined for a message to a group whose members have all left since */
function toWire(message: StoredMessage, lists: MemberLists, openFrom: number): WireMessage | undefined {
  const members = message.isGroup ? lists.get(message.toSessionId) : undefined;
  const receivers = members?.receiversOf(message.msgId) ?? [];
  if (message.isGroup && receivers.length === 0) return undefined;
  return {
    sessionType: message.isGroup ? 2 : 1,
    fromUserId: message.fromUserId,
    toSessionId: message.toSessionId,
    msgId: message.msgId,
    pdu: message.pdu,
    originInstance: message.originInstance,
    originTicket: message.originTicket,
    originConnection: message.originConnection,
    memberIds: receivers as number[],
    groupVersion: members?.version ?? 0,
    openFrom,
  };
}

/** Parts that fit in one event; a single message larger than that goes alone. */
function chunks(messages: WireMessage[], maxBytes: number): WireMessage[][] {
  const parts: WireMessage[][] = [];
  let part: WireMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = (message.pdu?.length ?? 0) + 5 * (message.memberIds?.length ?? 0) + 64;
    if (part.length > 0 && bytes + size > maxBytes) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += size;
  }
  parts.push(part);
  return parts;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
