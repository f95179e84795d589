import type { FileHandle } from 'node:fs/promises';
import { giveBuffer, takeBuffer } from './buffers.js';

/**
 * Writes chunks of any size to a file in large writes. Small chunks are copied together first: network buffers are
 * free again at once instead of ageing while the disk is slow, which would make garbage collection of a process with
 * many uploads expensive.
 */
export class FileWriter {
  readonly #handle: FileHandle;
  #buffer: Buffer | undefined;
  #filled = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** @throws Error of the file system */
  async write(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      this.#buffer ??= takeBuffer();
      const room = this.#buffer.length - this.#filled;
      if (this.#filled === 0 && piece.length - at >= room) {
        await this.#writeAll(piece.subarray(at));
        return;
      }
      const copied = piece.subarray(at, at + room);
      this.#buffer.set(copied, this.#filled);
      this.#filled += copied.length;
      at += copied.length;
      if (copied.length === room) await this.flush();
    }
  }

  /** Writes what is buffered. */
  async flush(): Promise<void> {
    if (!this.#buffer || this.#filled === 0) return;
    const waiting = this.#buffer.subarray(0, this.#filled);
    this.#filled = 0;
    await this.#writeAll(waiting);
  }

  /** Ends the writer; nothing is written after it. */
  release(): void {
    if (this.#buffer) giveBuffer(this.#buffer);
    this.#buffer = undefined;
  }

  /** A signal, or a volume that is nearly full, may let a write end early. */
  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      const { bytesWritten } = await this.#handle.write(rest);
      rest = rest.subarray(bytesWritten);
    }
  }
}
