/**
 * A pool of buffers for forwarded frames. Without it each forwarded block would burden the garbage collector, which costs
 * a large share of a transfer's CPU.
 */
export class FramePool {
  readonly #frameBytes: number;
  readonly #maxFree: number;
  readonly #free: Buffer[] = [];

  /**
   * @param frameBytes the largest pooled frame
   * @param maxFree maximum number of free buffers
   */
  constructor(frameBytes: number, maxFree: number) {
    this.#frameBytes = frameBytes;
    this.#maxFree = maxFree;
  }

  /** A copy of a frame. One smaller than half a buffer gets memory of its own size. */
  copy(frame: Buffer): Buffer {
    const { length } = frame;
    if (!this.#fits(length)) return Buffer.from(frame);
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#frameBytes);
    frame.copy(buffer);
    return buffer.subarray(0, length);
  }

  /** Releases a buffer returned by `copy`, which must not be used any more. */
  giveBack(copy: Buffer): void {
    if (!this.#fits(copy.length) || this.#free.length >= this.#maxFree) return;
    this.#free.push(Buffer.from(copy.buffer));
  }

  #fits(length: number): boolean {
    return length <= this.#frameBytes && 2 * length >= this.#frameBytes;
  }
}
