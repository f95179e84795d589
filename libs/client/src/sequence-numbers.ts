/** The largest sequence number; the field has 16 bits. */
export const MAX_SEQ_NUM = 0xffff;

/**
 * Draws `seq_num`s: 1 to 65535, then from 1 again. Never 0, which marks PDUs a server sends unsolicited
 * (client-behaviour.md#sequence-numbers), and never one that is in flight.
 */
export class SequenceNumbers {
  #last = 0;

  /** @param inFlight numbers in use; must be fewer than 65535 */
  next(inFlight: { has(seqNum: number): boolean }): number {
    do {
      this.#last = this.#last === MAX_SEQ_NUM ? 1 : this.#last + 1;
    } while (inFlight.has(this.#last));
    return this.#last;
  }
}
