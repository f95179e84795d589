import type { FileSink } from './receive-file.js';
import type { FileSource } from './send-file.js';

/** A `Blob` to send, such as a `File` picked by a user. @param name default: the name of the `File` */
export function blobSource(blob: Blob, name = (blob as { name?: string }).name ?? 'file'): FileSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      if (bytes.length < length)
        throw new RangeError(`${name} has fewer than ${length} bytes from ${offset} on`);
      return bytes;
    },
  };
}

/** Bytes collected in memory before they become part of a `Blob`, which a browser may move to disk. */
const foldBytes = 8 * 1024 * 1024;

/** Receives a file as a `Blob`. A sink that is used again continues where the last attempt ended. */
export class BlobSink implements FileSink {
  #blob = new Blob([]);
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #pending = 0;

  get offset(): number {
    return this.#blob.size + this.#pending;
  }

  /** The data received so far. */
  get blob(): Blob {
    this.#fold();
    return this.#blob;
  }

  async write(data: Uint8Array): Promise<void> {
    this.#pieces.push(data.slice());
    this.#pending += data.length;
    if (this.#pending >= foldBytes) this.#fold();
  }

  async finish(): Promise<void> {
    this.#fold();
  }

  #fold(): void {
    if (this.#pending === 0) return;
    this.#blob = new Blob([this.#blob, ...this.#pieces]);
    this.#pieces = [];
    this.#pending = 0;
  }
}
