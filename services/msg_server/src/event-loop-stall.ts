import { every } from '@teamtalk/service-kit';

const tickMs = 250;
/**
 * Milliseconds from which on the other services may have evicted this one: they do so 3.5 s after its last heartbeat,
 * which may be a second old when the stall begins.
 */
const stallMs = 2_500;

/**
 * Detects that the event loop did not run for a while, because the process was stopped, starved or its machine paused.
 * By then clients may have reconnected elsewhere, and the input waiting in the sockets is out of date.
 */
export class EventLoopStallDetector {
  readonly #onStall: (ms: number) => void;
  readonly #stop: () => Promise<void>;
  #lastRanAt = performance.now();

  /** @param onStall called once after each stall, with its duration in milliseconds */
  constructor(onStall: (ms: number) => void) {
    this.#onStall = onStall;
    this.#stop = every(tickMs, () => this.check());
  }

  /** To be called before handling any input, because after a stall waiting input is handled before timers. */
  check(): void {
    const now = performance.now();
    const ms = now - this.#lastRanAt;
    this.#lastRanAt = now;
    if (ms >= stallMs) this.#onStall(ms);
  }

  stop(): void {
    void this.#stop();
  }
}
