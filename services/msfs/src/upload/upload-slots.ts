import type { ServerResponse } from 'node:http';

/** Limits the uploads in flight. */
export class UploadSlots {
  readonly #max: number;
  readonly #longestMs: number;
  readonly #now: () => number;
  /** when each began, oldest first */
  readonly #begun = new Map<ServerResponse, number>();

  /**
   * @param longestMs milliseconds after which an upload must have ended, successfully or not
   * @param now milliseconds of a monotonic clock
   */
  constructor(max: number, longestMs: number, now: () => number = () => performance.now()) {
    this.#max = max;
    this.#longestMs = longestMs;
    this.#now = now;
  }

  get taken(): number {
    return this.#begun.size;
  }

  get isFull(): boolean {
    return this.#begun.size >= this.#max;
  }

  /** Number of uploads that take longer than any can: the store hangs, or a slot was leaked. */
  get overdue(): number {
    const latest = this.#now() - this.#longestMs;
    let count = 0;
    for (const begin of this.#begun.values()) {
      if (begin > latest) break;
      count++;
    }
    return count;
  }

  /** False when overdue uploads hold every slot, so that no upload is accepted. */
  get isUsable(): boolean {
    return this.overdue < this.#max;
  }

  /** Counts an upload until its response closes. */
  take(response: ServerResponse): void {
    this.#begun.set(response, this.#now());
    response.once('close', () => this.#begun.delete(response));
  }
}
