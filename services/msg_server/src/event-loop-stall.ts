const tickMs = 250;
/**
 * The others take a server for dead that they have not heard of for 3.5 s, and its last heartbeat may be a second
 * old when it stops: from this long on, milliseconds, they may have.
 */
const stallMs = 2_500;

/**
 * Notices that this process stood still: stopped and continued, its machine paused, or kept from running. Meanwhile
 * its clients have gone elsewhere and others wrote to them there; what it finds in its sockets then is of a time
 * that is over.
 */
export class EventLoopStallDetector {
  readonly #onStall: (ms: number) => void;
  readonly #timer: NodeJS.Timeout;
  #lastRanAt = performance.now();

  /** @param onStall called once after each standstill, with its milliseconds */
  constructor(onStall: (ms: number) => void) {
    this.#onStall = onStall;
    this.#timer = setInterval(() => this.check(), tickMs);
  }

  /** To be called before something from outside is acted on: what has waited comes before any timer. */
  check(): void {
    const now = performance.now();
    const ms = now - this.#lastRanAt;
    this.#lastRanAt = now;
    if (ms >= stallMs) this.#onStall(ms);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
