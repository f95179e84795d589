/** Kinds of writers of one instance, each with its own epochs. */
const kinds = { appends: 0, broadcasts: 1 } as const;

/**
 * The epoch a writer leaves at the conversations it writes to. While a conversation has it, every message stored there
 * since the first one of this epoch is from this writer, which tracks the undelivered ones. A new epoch is needed when
 * the writer can no longer do so: a statement's reply was lost, or too many batches were left to the reclaimer. Where
 * `append_messages` finds another epoch, it searches the outbox for undelivered messages.
 */
export class WriterEpoch {
  readonly #base: bigint;
  #renewals = 0n;
  #value: string;

  constructor(instance: number, kind: keyof typeof kinds) {
    this.#base = (BigInt(instance) << 30n) | (BigInt(kinds[kind]) << 29n);
    this.#value = String(this.#base);
  }

  /** int8 as text, below 2^62 */
  get value(): string {
    return this.#value;
  }

  renew(): void {
    this.#renewals = (this.#renewals + 1n) & 0x1fff_ffffn;
    this.#value = String(this.#base | this.#renewals);
  }
}
