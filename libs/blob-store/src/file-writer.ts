import type { FileHandle } from 'node:fs/promises';
import { giveBuffer, takeBuffer } from './buffers.js';

/**
 * Writes pieces of any size to a file by large writes. Small ones are copied together first: what comes from the
 * network in 64 KiB is free again at once, in place of growing old while the disk is waited for. A process that takes
 * many uploads would else mostly collect garbage.
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

  /** Writes what waits. */
  async flush(): Promise<void> {
    if (!this.#buffer || this.#filled === 0) return;
    const waiting = this.#buffer.subarray(0, this.#filled);
    this.#filled = 0;
    await this.#writeAll(waiting);
  }

  /** Nothing is written any more. */
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
