import type { ServerResponse } from 'node:http';

/**
 * How much of images that are in memory is on its way to clients. The cache may have dropped them long since while
 * slow clients still hold them: this keeps what that takes within bounds.
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

  /** @returns whether `response` may be given so much from memory; it counts until the response is over */
  take(response: ServerResponse, bytes: number): boolean {
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    response.once('close', () => {
      this.#bytes -= bytes;
    });
    return true;
  }
}
