import { type Bus, directDeliveryMs } from '@teamtalk/bus';

/** Age at which it is renewed, milliseconds. */
const renewMs = directDeliveryMs.lease / 2;
/** How long a batch waits for NATS's answer, milliseconds. */
const maxWaitMs = 50;

/**
 * Whether all presence updates that NATS had a moment ago have arrived. NATS answers a round trip after everything it had
 * before, so an answer shows that the updates up to the question are here. Measured by a monotonic clock: a process that
 * was suspended does not have the lease any more when it goes on.
 */
export class PresenceLease {
  readonly #bus: Pick<Bus, 'connected' | 'flush' | 'onReconnect'>;
  /** performance.now() of the latest question that was answered */
  #since = Number.NEGATIVE_INFINITY;
  /** performance.now() of the latest question */
  #asked = Number.NEGATIVE_INFINITY;
  #connections = 0;
  #renewing: Promise<void> | undefined;

  constructor(bus: Pick<Bus, 'connected' | 'flush' | 'onReconnect'>) {
    this.#bus = bus;
    bus.onReconnect(() => {
      this.#connections++;
      this.#since = Number.NEGATIVE_INFINITY;
    });
  }

  get holds(): boolean {
    return performance.now() - this.#since <= directDeliveryMs.lease;
  }

  /** Set after an idle time, while NATS is about to answer: resolves when it has, or after 50 ms. */
  get renewing(): Promise<void> | undefined {
    return this.#renewing;
  }

  /** Renews it if it is old. To be called before it is needed. */
  renew(): void {
    const now = performance.now();
    if (now - this.#asked < renewMs || !this.#bus.connected) return;
    this.#asked = now;
    const connection = this.#connections;
    const answered = this.#bus.flush().then(
      () => {
        if (this.#bus.connected && connection === this.#connections && now > this.#since) this.#since = now;
      },
      // The connection broke; after the next one is made it is asked again.
      () => {},
    );
    if (this.holds) return;
    const renewing = Promise.race([answered, pause(maxWaitMs)]).then(() => {
      if (this.#renewing === renewing) this.#renewing = undefined;
    });
    this.#renewing = renewing;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
