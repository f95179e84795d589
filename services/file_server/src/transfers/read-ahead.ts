/** Bounds what all downloads together have read but not sent, however many slow receivers there are. */
export class ReadAhead {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  hasRoomFor(bytes: number): boolean {
    return this.#bytes + bytes <= this.#maxBytes;
  }

  /** Adds to the bytes in use, or subtracts from them. */
  change(by: number): void {
    this.#bytes += by;
  }
}
