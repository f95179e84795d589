/**
 * Buffers for frames on their way, used again and again. Without it each block that is passed on would be 32 KiB
 * for the garbage collector to follow up: a third of the CPU of a transfer.
 */
export class FramePool {
  readonly #frameBytes: number;
  readonly #maxFree: number;
  readonly #free: Buffer[] = [];

  /**
   * @param frameBytes the largest frame that is worth keeping a buffer for
   * @param maxFree buffers that are kept while nobody uses them
   */
  constructor(frameBytes: number, maxFree: number) {
    this.#frameBytes = frameBytes;
    this.#maxFree = maxFree;
  }

  /** A copy of a frame. One of less than half a buffer gets memory of just its size. */
  copy(frame: Buffer): Buffer {
    const { length } = frame;
    if (!this.#fits(length)) return Buffer.from(frame);
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#frameBytes);
    frame.copy(buffer);
    return buffer.subarray(0, length);
  }

  /** Takes back what `copy` gave, which nobody may use any more. */
  giveBack(copy: Buffer): void {
    if (!this.#fits(copy.length) || this.#free.length >= this.#maxFree) return;
    this.#free.push(Buffer.from(copy.buffer));
  }

  #fits(length: number): boolean {
    return length <= this.#frameBytes && 2 * length >= this.#frameBytes;
  }
}
