const tickMs = 100;
const longMs = 400;

/** Notices when this process itself stalled. */
export class StallWatch {
  readonly #stalls: { begin: number; end: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #ranAt = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#look(), tickMs).unref();
  }

  /** @returns when it stalled: performance.now() */
  stop(): readonly { begin: number; end: number }[] {
    clearInterval(this.#timer);
    this.#look();
    return this.#stalls;
  }

  #look(): void {
    const now = performance.now();
    if (now - this.#ranAt > longMs) this.#stalls.push({ begin: this.#ranAt, end: now });
    this.#ranAt = now;
  }
}
