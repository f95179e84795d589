import type { FileSink } from './receive-file.js';
import type { FileSource } from './send-file.js';

/** A `Blob` to send, such as a `File` that a user has picked. @param name default: that of the `File` */
export function blobSource(blob: Blob, name = (blob as { name?: string }).name ?? 'file'): FileSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      if (bytes.length < length) throw new RangeError(`${name} has no ${length} bytes from ${offset} on`);
      return bytes;
    },
  };
}

/** Bytes that are kept in memory before they become part of a `Blob`, which a browser may move to disk. */
const foldBytes = 8 * 1024 * 1024;

/** Receives a file as a `Blob`. The same sink goes on where an earlier attempt with it ended. */
export class BlobSink implements FileSink {
  #blob = new Blob([]);
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #pending = 0;

  get offset(): number {
    return this.#blob.size + this.#pending;
  }

  /** What has arrived. */
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
