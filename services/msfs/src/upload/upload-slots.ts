import type { ServerResponse } from 'node:http';

/** The uploads in flight, so many at most. */
export class UploadSlots {
  readonly #max: number;
  readonly #longestMs: number;
  readonly #now: () => number;
  /** when each began; the oldest first */
  readonly #begun = new Map<ServerResponse, number>();

  /**
   * @param longestMs milliseconds after which an upload must be over, one way or the other
   * @param now milliseconds of a clock that never goes back
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

  /** How many have lasted longer than any upload can: the store hangs, or somebody forgot to give a slot back. */
  get overdue(): number {
    const latest = this.#now() - this.#longestMs;
    let count = 0;
    for (const begin of this.#begun.values()) {
      if (begin > latest) break;
      count++;
    }
    return count;
  }

  /** False when overdue uploads hold every slot: then none will be taken here until they are gone. */
  get isUsable(): boolean {
    return this.overdue < this.#max;
  }

  /** Counts an upload until its response is over. */
  take(response: ServerResponse): void {
    this.#begun.set(response, this.#now());
    response.once('close', () => this.#begun.delete(response));
  }
}
