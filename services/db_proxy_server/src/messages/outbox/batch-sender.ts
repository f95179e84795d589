import { type Bus, NobodyListensError, type Registry, rendezvous, topics } from '@teamtalk/bus';
import type { Kit } from '@teamtalk/service-kit';
import { type MemberLists, noLists } from '../group-members.js';
import type { StoredBatch } from '../stored-batch.js';
import type { UndeliveredTracker } from './undelivered-tracker.js';
import { chunks, toWire } from './wire-batch.js';

export interface Batch {
  readonly batch: StoredBatch;
  /** members of its groups; undefined: not loaded yet */
  lists: MemberLists | undefined;
}

/** An answer counts when it comes within this time, also when the batch was sent again meanwhile, milliseconds. */
const answerMs = 5_000;
/** Bytes kept free in an event for what is not a PDU. */
const eventReserve = 64 * 1024;

/** Sends batches to a route_server. */
export class BatchSender {
  readonly #bus: Bus;
  readonly #kit: Kit;
  readonly #routeServers: Registry;
  readonly #open: UndeliveredTracker;

  constructor(
    { bus, kit, routeServers }: { bus: Bus; kit: Kit; routeServers: Registry },
    open: UndeliveredTracker,
  ) {
    this.#bus = bus;
    this.#kit = kit;
    this.#routeServers = routeServers;
    this.#open = open;
  }

  /** Whether an answer can be hoped for now. */
  get responsive(): boolean {
    return this.#bus.responsive;
  }

  /** Bytes of messages that one event holds. */
  get maxBytes(): number {
    return this.#bus.maxEventBytes - eventReserve;
  }

  /**
   * Resolves when a route_server has brought all messages to the msg_servers concerned.
   * @param storeEpoch that of the batches
   * @param redelivery goes to any route_server: the one chosen first may be alive but stuck
   * @throws TeamTalkError `deadline-exceeded` after 5 s; `unavailable` at once when nobody listens
   */
  async send(batches: readonly Batch[], storeEpoch: number, redelivery: boolean): Promise<void> {
    const wire = batches
      .flatMap(({ batch: { messages, outboxId }, lists = noLists }) =>
        messages.map((message) => toWire(message, lists, outboxId, this.#open.before(message))),
      )
      .filter((message) => message !== undefined);
    if (wire.length === 0) return;
    const alive = this.#routeServers.all();
    const active = alive.filter((each) => !each.draining);
    const key = redelivery ? (Math.random() * 0x1_0000_0000) >>> 0 : this.#kit.instance;
    const chosen = rendezvous(key, active.length > 0 ? active : alive);
    if (!chosen) throw new Error('no route_server is known');
    const topic = topics.storedBatch(chosen.instance);
    try {
      const parts = chunks(wire, this.maxBytes);
      await Promise.all(
        parts.map((messages) => this.#bus.request(topic, { messages, redelivery, storeEpoch }, answerMs)),
      );
    } catch (error) {
      // It is dead, and its next heartbeat is waited for in vain; should it live, that brings it back.
      if (error instanceof NobodyListensError && this.#bus.stable) this.#routeServers.forget(chosen.instance);
      throw error;
    }
  }
}
