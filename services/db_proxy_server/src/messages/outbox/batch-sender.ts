import { type Bus, NobodyListensError, type Registry, rendezvous, topics } from '@teamtalk/bus';
import type { Kit } from '@teamtalk/service-kit';
import { type MemberLists, noLists } from '../group-members.js';
import type { StoredBatch } from '../stored-batch.js';
import type { UndeliveredTracker } from './undelivered-tracker.js';
import { chunks, toWire } from './wire-batch.js';

export interface Batch {
  readonly batch: StoredBatch;
  /** members of its groups; undefined until loaded */
  lists: MemberLists | undefined;
}

/** Timeout for a reply, milliseconds; longer than the retry interval, since a late reply still counts. */
const answerMs = 5_000;
/** Bytes of an event reserved for fields other than PDUs. */
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

  /** Whether NATS is responsive. */
  get responsive(): boolean {
    return this.#bus.responsive;
  }

  /** Most bytes of messages in one event. */
  get maxBytes(): number {
    return this.#bus.maxEventBytes - eventReserve;
  }

  /**
   * Resolves when a route_server has delivered all messages to the msg_servers concerned.
   * @param storeEpoch epoch of the batches
   * @param redelivery sends to any route_server, since the preferred one may be alive but stuck
   * @throws TeamTalkError `deadline-exceeded` after 5 s; `unavailable` immediately when there is no subscriber
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
      // Nobody listens, so it is dead; if not, its next heartbeat registers it again.
      if (error instanceof NobodyListensError && this.#bus.stable) this.#routeServers.forget(chosen.instance);
      throw error;
    }
  }
}
