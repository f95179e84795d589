import type { RateLimit } from './token-bucket.js';

interface Advancing {
  readonly isOpen: boolean;
  advance(): void;
}

export interface LoginQueueOptions {
  /** logins in flight at a time, at most */
  maxInFlight: number;
  /** logins that may begin a second */
  rate: RateLimit;
  /** Told how long each login that had to wait has waited, seconds. */
  onWaited?: (seconds: number) => void;
}

/** Rounds of admission are no closer than this, milliseconds: a timer for each login would cost more than it. */
const admitIntervalMs = 5;

/**
 * Lets so many logins begin a second and be in flight at a time; the others wait for their turn, first come
 * first served. When twenty thousand clients come back at once, the services behind get no more than they can
 * answer in time, the messages of those who are in are not pushed aside, and nobody is turned away. Whoever gives
 * up while he waits costs nothing, so that the rate is that of logins somebody still waits for, however long the
 * line. The line is no longer than there are sockets.
 */
export class LoginQueue<C extends Advancing> {
  readonly #maxInFlight: number;
  readonly #rate: RateLimit;
  readonly #onWaited: (seconds: number) => void;
  /** with the time, ms, since when each waits */
  readonly #waiting = new Map<C, number>();
  #inFlight = 0;
  /** of the bucket; see RateLimit */
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

  /** Connections that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether the connection has waited and may begin now. */
  isTurnOf(connection: C): boolean {
    return this.#turn === connection;
  }

  /** @returns true when the login has begun; otherwise the connection's `advance` is called at its turn */
  begin(connection: C): boolean {
    const now = performance.now();
    // Nobody overtakes those who wait.
    if (this.#turn !== connection && (this.#waiting.size > 0 || this.#waitMs(now) > 0)) {
      this.#waiting.set(connection, now);
      this.#scheduleAdmit(now);
      return false;
    }
    this.#inFlight++;
    if (!this.#rate.unlimited) this.#fullAt = this.#rate.take(this.#fullAt, now);
    return true;
  }

  /** A login that has begun is over. */
  end(): void {
    this.#inFlight--;
    this.#admit();
  }

  /** The connection is being closed: it waits no longer. */
  remove(connection: C): void {
    if (this.#waiting.delete(connection) && this.#waiting.size === 0) this.#cancelTimer();
  }

  /** Milliseconds until a login may begin; infinite: as soon as another one ends. */
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
