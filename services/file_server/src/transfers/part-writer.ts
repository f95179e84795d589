import { PassThrough } from 'node:stream';
import type { BlobStore } from '@teamtalk/blob-store';
import type { Part } from '../tasks/task-store.js';

/** Bytes buffered for the store. */
const bufferBytes = 131_072;

/** One part of an upload being stored. */
export class PartWriter {
  readonly start: number;
  readonly #stream = new PassThrough({ highWaterMark: bufferBytes });
  readonly #stored: Promise<Part>;
  #size = 0;

  constructor(store: BlobStore, key: string, start: number) {
    this.start = start;
    this.#stored = this.#put(store, key);
    // `finish` reports the failure; without it nobody needs to know.
    this.#stored.catch(() => {});
    this.#stream.on('error', () => {});
  }

  /** bytes written so far */
  get size(): number {
    return this.#size;
  }

  /** @returns undefined when more may be written at once; otherwise resolves when it may, or the store has failed */
  write(data: Uint8Array): Promise<void> | undefined {
    this.#size += data.length;
    if (this.#stream.write(data) || this.#stream.destroyed) return undefined;
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off('drain', done);
        this.#stream.off('close', done);
        resolve();
      };
      this.#stream.on('drain', done);
      this.#stream.on('close', done);
    });
  }

  /**
   * Ends the part. @returns the part once it is stored durably
   * @throws StorageError when the store has failed
   */
  finish(): Promise<Part> {
    this.#stream.end();
    return this.#stored;
  }

  /** Aborts: nothing of the part is stored. */
  abort(): void {
    this.#stream.destroy(new Error('the upload was aborted'));
  }

  async #put(store: BlobStore, key: string): Promise<Part> {
    const { size, sha256 } = await store.put(key, this.#stream, { sha256: true });
    return { start: this.start, size, key, sha256: Buffer.from(sha256 ?? '', 'hex') };
  }
}
