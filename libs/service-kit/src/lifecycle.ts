import { withDeadline } from './deadline.js';
import type { Logger } from './logger.js';

interface Step {
  name: string;
  stop: () => Promise<void> | void;
}

/**
 * Stops what has been started in reverse order. A step that fails or hangs is logged and does not prevent the others
 * from being stopped.
 */
export class Lifecycle {
  readonly #steps: Step[] = [];
  readonly #log: Logger;
  readonly #stopMs: number;
  #stopped: Promise<void> | undefined;

  /** @param stopMs time limit of the whole shutdown, milliseconds */
  constructor(log: Logger, stopMs: number) {
    this.#log = log;
    this.#stopMs = stopMs;
  }

  /** Registers the stop of what was just started. */
  onStop(name: string, stop: () => Promise<void> | void): void {
    this.#steps.push({ name, stop });
  }

  /** Stops everything, last started first. Further calls wait for the same stop. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    const end = performance.now() + this.#stopMs;
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      const { name, stop } = step;
      try {
        await withDeadline(
          Promise.resolve(stop()),
          Math.max(end - performance.now(), 100),
          `stopping ${name}`,
        );
      } catch (error) {
        this.#log.error({ err: error, step: name }, 'stop step failed');
      }
    }
  }
}
