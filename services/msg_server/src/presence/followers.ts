import { directDeliveryMs, type Heartbeat, type Registry } from '@teamtalk/bus';

/**
 * The db_proxy_servers that send messages to msg_servers directly: a client is told that it is logged in only when they
 * know the session, or no longer trust what they know (`directDeliveryMs`).
 */
export class Followers {
  readonly #dbProxies: Pick<Registry, 'all' | 'get'>;
  /** Those without a subscriber, with their last heartbeat before it was noticed. */
  readonly #absent = new Map<number, { heartbeat: Heartbeat; since: number }>();

  constructor(dbProxies: Pick<Registry, 'all' | 'get'>) {
    this.#dbProxies = dbProxies;
  }

  /** Those whose answers a login waits for. */
  awaited(): number[] {
    const present: number[] = [];
    for (const heartbeat of this.#dbProxies.all()) {
      const { instance, directDelivery } = heartbeat;
      if (directDelivery && this.#absent.get(instance)?.heartbeat !== heartbeat) present.push(instance);
    }
    return present;
  }

  /** Whether an answer can still come. */
  isPresent(instance: number): boolean {
    const heartbeat = this.#dbProxies.get(instance);
    return heartbeat !== undefined && this.#absent.get(instance)?.heartbeat !== heartbeat;
  }

  /** Nobody listens to it: it gets no updates until it has connected to NATS again, which its next heartbeat shows. */
  noteAbsent(instance: number): void {
    const heartbeat = this.#dbProxies.get(instance);
    if (heartbeat) this.#absent.set(instance, { heartbeat, since: performance.now() });
  }

  /** performance.now() from which on those that are absent do not trust what they knew; 0: there are none */
  get distrustAt(): number {
    let until = 0;
    for (const [instance, { heartbeat, since }] of this.#absent) {
      if (this.#dbProxies.get(instance) === heartbeat) until = Math.max(until, since + directDeliveryMs.wait);
      else this.#absent.delete(instance);
    }
    return until;
  }
}
