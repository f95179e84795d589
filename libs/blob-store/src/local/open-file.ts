import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { BlobInfo, OpenBlob } from '../blob-store.js';
import { giveBuffer, takeBuffer } from '../buffers.js';
import { fileError } from './file-errors.js';

const streamBytes = 256 * 1024;

/** A range of an open file, to be read once, in one of the two ways. */
export class OpenFile implements OpenBlob {
  readonly info: BlobInfo;
  readonly offset: number;
  readonly length: number;
  readonly #handle: FileHandle;

  /** @param length of the range, bytes */
  constructor(handle: FileHandle, info: BlobInfo, offset: number, length: number) {
    this.#handle = handle;
    this.info = info;
    this.offset = offset;
    this.length = length;
  }

  stream(): Readable {
    if (this.length === 0) {
      void this.#handle.close().catch(() => {});
      return Readable.from([]);
    }
    return this.#handle.createReadStream({
      start: this.offset,
      end: this.offset + this.length - 1,
      highWaterMark: Math.min(this.length, streamBytes),
    });
  }

  async copyTo(write: (piece: Uint8Array) => Promise<void>): Promise<void> {
    const buffer = takeBuffer();
    try {
      for (let done = 0; done < this.length; ) {
        const want = Math.min(buffer.length, this.length - done);
        const { bytesRead } = await this.#handle
          .read(buffer, 0, want, this.offset + done)
          .catch((error: unknown) => {
            throw fileError(error);
          });
        if (bytesRead === 0) throw fileError(new Error(`${this.info.key} was truncated while it was read`));
        await write(bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead));
        done += bytesRead;
      }
    } finally {
      giveBuffer(buffer);
      await this.#handle.close().catch(() => {});
    }
  }
}
