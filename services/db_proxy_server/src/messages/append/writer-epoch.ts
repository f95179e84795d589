/** What else writes messages for an instance: marks of their own. */
const kinds = { appends: 0, broadcasts: 1 } as const;

/**
 * The mark a writer leaves at the conversations it writes to. As long as a conversation has it, whatever was stored
 * there since the first message under this mark was stored by this writer, and it knows what of it is not delivered
 * yet. So it needs a new mark whenever it can no longer say so: a statement's answer was lost, or too much was left to
 * the reclaimer. Where `append_messages` finds another mark it looks into the outbox.
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
