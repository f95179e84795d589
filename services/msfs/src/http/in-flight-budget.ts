import type { ServerResponse } from 'node:http';

/**
 * Bounds the memory of images being sent to clients: slow clients may still hold images that the cache has evicted.
 */
export class InFlightBudget {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns whether `response` may send that many bytes from memory; they count until it closes */
  take(response: ServerResponse, bytes: number): boolean {
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    response.once('close', () => {
      this.#bytes -= bytes;
    });
    return true;
  }
}
