/** What all downloads together have read and not sent yet, within bounds however many slow receivers there are. */
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

  /** Somebody holds so much more, or less. */
  change(by: number): void {
    this.#bytes += by;
  }
}
