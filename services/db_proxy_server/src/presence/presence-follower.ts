import { type Bus, type Cluster, type Heartbeat, type Registry, topics } from '@teamtalk/bus';
import { noEffects, PresenceSync, PresenceTable } from '@teamtalk/routing';
import type { Kit } from '@teamtalk/service-kit';
import { PresenceLease } from './presence-lease.js';

/** Time for msg_servers to answer the discovery request, milliseconds; they also send heartbeats every second. */
const discoveryMs = 1_200;

/** Why messages cannot be sent by the table of sessions now. */
export type PresenceDoubt = 'catching-up' | 'older-msg-server' | 'lease' | 'stopping';

/**
 * Follows the sessions of all msg_servers as a route_server does, so that stored messages can be sent to msg_servers
 * directly. It never acts on a change.
 */
export class PresenceFollower {
  readonly table = new PresenceTable();
  readonly #bus: Bus;
  readonly #sync: PresenceSync;
  readonly #lease: PresenceLease;
  readonly #msgServers: Registry;
  /** msg_servers of a version that does not take messages directly, and whose logins do not wait for this process. */
  readonly #older = new Set<number>();
  #state: 'beginning' | 'following' | 'stopping' = 'beginning';

  /**
   * Once the bus is flushed, msg_servers may wait for its answers.
   * @param onEvicted gets msg_servers that fell silent without deregistering: dead, or cut off from NATS only
   */
  constructor(cluster: Cluster, { instance, log, metrics }: Kit, onEvicted: (node: number) => void) {
    const { bus } = cluster;
    this.#bus = bus;
    const { table } = this;
    this.#lease = new PresenceLease(bus);
    const sync = new PresenceSync({
      bus,
      table,
      log,
      metrics,
      act: () => {},
      evicted: (node) => this.#endAllOf(node),
      inUse: () => this.#inUse,
      isAwaited: ({ awaited }) => awaited?.includes(instance) ?? false,
    });
    this.#sync = sync;
    this.#msgServers = cluster.follow('msg_server', {
      onChange: (heartbeat, previous) => {
        if (!previous && !heartbeat.directDelivery) this.#meetOlder(heartbeat);
        void sync.check(heartbeat);
      },
      onGone: ({ instance: node }, deregistered) => {
        this.#forget(node);
        if (!deregistered) onEvicted(node);
      },
    });
    bus.subscribe(topics.msgServerGone, ({ instance: node }) => {
      this.#msgServers.forget(node);
      this.#forget(node);
    });
    bus.answer(topics.presenceUpdate, (update) => {
      sync.apply(update);
      return update.awaited?.includes(instance) ? { follower: instance } : undefined;
    });
    bus.answer(topics.presenceFollower(instance), () => ({}));
    metrics.gauge('sessions', 'Connections of users it knows, to send them messages directly', () => {
      return table.sessionCount;
    });
  }

  /**
   * Fetches all sessions; until it has them, the table is not used. To be called when the first heartbeat has been sent: the
   * logins of msg_servers wait for this process from then on.
   */
  async begin(): Promise<void> {
    const catchUp = () => this.#sync.catchUp(this.#msgServers, discoveryMs);
    this.#bus.onReconnect(() => void catchUp());
    const complete = catchUp();
    this.#state = 'following';
    await complete;
  }

  /** undefined: the table has every session whose client knows that it is logged in */
  get doubt(): PresenceDoubt | undefined {
    if (this.#state === 'stopping') return 'stopping';
    if (this.#state === 'beginning' || this.#sync.catchingUp) return 'catching-up';
    if (this.#older.size > 0) return 'older-msg-server';
    return this.#lease.holds ? undefined : 'lease';
  }

  /** To be called when a message is about to be stored: it will need the table soon. */
  prepare(): void {
    this.#lease.renew();
  }

  /** Set while the lease is being renewed, which may end a doubt. */
  get settling(): Promise<void> | undefined {
    return this.#lease.renewing;
  }

  /** Ends the use of the table. To be called before the deregistration, after which no login waits for this process. */
  stop(): void {
    this.#state = 'stopping';
  }

  get #inUse(): boolean {
    return this.#state === 'following' && this.#older.size === 0;
  }

  #meetOlder({ instance, presenceSeq }: Heartbeat): void {
    // Its first clients may have logged in before this process heard of it.
    if (this.#inUse && !this.#sync.catchingUp && presenceSeq > 0) this.#endAllOf(instance);
    this.#older.add(instance);
  }

  #endAllOf(node: number): void {
    this.#bus.publish(topics.node(node), { evicted: {} });
  }

  #forget(node: number): void {
    this.#older.delete(node);
    this.table.removeNode(node, noEffects());
    this.#sync.forget(node);
  }
}
