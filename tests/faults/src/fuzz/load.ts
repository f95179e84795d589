import type { Listener } from './listeners.js';
import type { Input, ListenerName, Sent } from './making/input.js';
import type { Ending, Senders } from './senders.js';

/** How long an input is remembered after it ended, milliseconds. */
const rememberMs = 5_000;

interface Remembered extends Sent {
  endedAt: number;
}

/** The lanes of one listener: each sends one input after the other until it is told to stop. */
export class Load {
  readonly listener: Listener;
  readonly endings: Record<Ending, number> = { handled: 0, closed: 0, silent: 0, refused: 0 };
  readonly #senders: Senders;
  readonly #recent = new Set<Remembered>();
  readonly #makers: (() => Input)[];
  readonly #numbers: number[];
  #running: Promise<void>[] = [];
  #isStopping = false;

  constructor(listener: Listener, senders: Senders) {
    this.listener = listener;
    this.#senders = senders;
    this.#makers = Array.from({ length: listener.lanes }, (_, k) => listener.lane(k));
    this.#numbers = this.#makers.map(() => 0);
  }

  get inputs(): number {
    return this.#numbers.reduce((sum, number) => sum + number, 0);
  }

  /** What its servers have answered, of those that count nothing. */
  get answered(): number {
    return this.listener.name === 'ops' ? this.#senders.answered : this.endings.handled;
  }

  get isRunning(): boolean {
    return this.#running.length > 0;
  }

  start(): void {
    this.#isStopping = false;
    this.#running = this.#makers.map((make, k) => this.#lane(make, k));
  }

  /** Waits for the inputs on their way. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#running);
    this.#running = [];
  }

  /** Inputs on their way, and those that ended lately. */
  get recent(): Sent[] {
    return [...this.#recent].map(({ listener, number, input }) => ({ listener, number, input }));
  }

  async #lane(make: () => Input, k: number): Promise<void> {
    const { name, lanes } = this.listener;
    while (!this.#isStopping) {
      const input = make();
      const sent = { listener: name, number: this.#numbers[k]!++ * lanes + k, input, endedAt: Infinity };
      this.#recent.add(sent);
      this.endings[await this.#senders.send(input)]++;
      sent.endedAt = performance.now();
      this.#forget(sent.endedAt - rememberMs);
      // Answers that are there at once must not keep the rest waiting.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #forget(before: number): void {
    for (const sent of this.#recent) {
      if (sent.endedAt < before) this.#recent.delete(sent);
      else if (sent.endedAt !== Infinity) return;
    }
  }
}

export function recentOf(loads: readonly Load[], only?: ListenerName): Sent[] {
  return loads.filter(({ listener }) => !only || listener.name === only).flatMap((load) => load.recent);
}
