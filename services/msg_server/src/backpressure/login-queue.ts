import type { RateLimit } from './token-bucket.js';

interface Advancing {
  readonly isOpen: boolean;
  advance(): void;
}

export interface LoginQueueOptions {
  /** logins in flight at most */
  maxInFlight: number;
  /** logins that may begin per second */
  rate: RateLimit;
  /** Called with the seconds each queued login waited. */
  onWaited?: (seconds: number) => void;
}

/** Minimum milliseconds between admissions, so that a burst does not start a timer per login. */
const admitIntervalMs = 5;

/**
 * Limits how many logins begin per second and are in flight; the others wait in order of arrival. A wave of
 * reconnecting clients thus neither overloads the services behind nor delays the messages of connected clients, and no
 * login is rejected. Connections that close while waiting do not count against the rate. The queue is bounded by the
 * number of sockets.
 */
export class LoginQueue<C extends Advancing> {
  readonly #maxInFlight: number;
  readonly #rate: RateLimit;
  readonly #onWaited: (seconds: number) => void;
  /** by connection, when it began to wait: performance.now() */
  readonly #waiting = new Map<C, number>();
  #inFlight = 0;
  /** bucket state; see RateLimit */
  #fullAt = 0;
  #turn: C | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ maxInFlight, rate, onWaited = () => {} }: LoginQueueOptions) {
    this.#maxInFlight = maxInFlight;
    this.#rate = rate;
    this.#onWaited = onWaited;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Number of waiting connections. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether it is this connection's turn after waiting. */
  isTurnOf(connection: C): boolean {
    return this.#turn === connection;
  }

  /** @returns true when the login may begin now; otherwise the connection's `advance` is called at its turn */
  begin(connection: C): boolean {
    const now = performance.now();
    // Newcomers do not overtake waiting connections.
    if (this.#turn !== connection && (this.#waiting.size > 0 || this.#waitMs(now) > 0)) {
      this.#waiting.set(connection, now);
      this.#scheduleAdmit(now);
      return false;
    }
    this.#inFlight++;
    if (!this.#rate.unlimited) this.#fullAt = this.#rate.take(this.#fullAt, now);
    return true;
  }

  /** To be called once for each login that began. */
  end(): void {
    this.#inFlight--;
    this.#admit();
  }

  /** Removes a connection that is being closed. */
  remove(connection: C): void {
    if (this.#waiting.delete(connection) && this.#waiting.size === 0) this.#cancelTimer();
  }

  /** Milliseconds until the next login may begin; infinite when one has to end first. */
  #waitMs(now: number): number {
    if (this.#inFlight >= this.#maxInFlight) return Number.POSITIVE_INFINITY;
    return this.#rate.unlimited ? 0 : this.#rate.waitFor(this.#fullAt, now);
  }

  readonly #admit = (): void => {
    this.#cancelTimer();
    const now = performance.now();
    for (const [next, since] of this.#waiting) {
      if (this.#waitMs(now) > 0) break;
      this.#waiting.delete(next);
      if (!next.isOpen) continue;
      this.#onWaited((now - since) / 1000);
      this.#turn = next;
      next.advance();
      this.#turn = undefined;
    }
    this.#scheduleAdmit(now);
  };

  #scheduleAdmit(now: number): void {
    if (this.#timer || this.#waiting.size === 0) return;
    const waitMs = this.#waitMs(now);
    if (Number.isFinite(waitMs)) this.#timer = setTimeout(this.#admit, Math.max(waitMs, admitIntervalMs));
  }

  #cancelTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
