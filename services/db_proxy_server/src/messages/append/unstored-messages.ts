import { type Entry, senderIn } from '../entry.js';

/**
 * Messages of one stream that were answered as unavailable. Until the caller has read the answer it may have sent later ones
 * of the same senders, or, when the stream breaks first, send all of them again elsewhere: stored here, the later ones would
 * overtake.
 */
export class UnstoredMessages {
  readonly #senders = new Set<string>();
  #frames = 0;
  /** Number of the frame with the last of the answers; Infinity: not sent yet */
  #lastTold = 0;

  add(entry: Entry): void {
    this.#senders.add(senderIn(entry));
    this.#lastTold = Number.POSITIVE_INFINITY;
  }

  /** @param hasAnswers whether the frame has all answers so far */
  frameSent(hasAnswers: boolean): void {
    this.#frames++;
    if (hasAnswers && this.#lastTold > this.#frames) this.#lastTold = this.#frames;
  }

  /**
   * Whether the sender's messages before this one may be unstored without the caller having known when it sent it.
   * @param seen one more than the frames the caller had received by then; 0: it does not say, as one of an older version
   */
  precede(entry: Entry, seen: number): boolean {
    if (this.#senders.size === 0) return false;
    if (seen === 0 || seen > this.#lastTold) {
      this.#senders.clear();
      return false;
    }
    return this.#senders.has(senderIn(entry));
  }
}
