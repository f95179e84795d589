import { type BlobStore, LocalBlobStore } from '@teamtalk/blob-store';
import type { Logger } from '@teamtalk/service-kit';
import { LRUCache } from 'lru-cache';

const timeoutMs = 10_000;

/** Thumbnails on disk, up to a maximum size; the least recently used are evicted first. */
export class ThumbnailFolder {
  readonly store: BlobStore;
  readonly #sizes: LRUCache<string, number>;

  /** Adopts what an earlier process left in the folder. */
  static async open(folder: string, maxBytes: number, log: Logger): Promise<ThumbnailFolder> {
    const store = new LocalBlobStore({ folder, timeoutMs, durable: false });
    const opened = new ThumbnailFolder(store, maxBytes, log);
    for (let page = await store.list(''); page.length > 0; ) {
      for (const { key, size } of page) opened.#sizes.set(key, size);
      page = await store.list('', { after: page.at(-1)!.key });
    }
    return opened;
  }

  private constructor(store: BlobStore, maxBytes: number, log: Logger) {
    this.store = store;
    this.#sizes = new LRUCache({
      maxSize: maxBytes,
      // An empty file counts, too: it takes a block.
      sizeCalculation: (size) => Math.max(size, 4096),
      dispose: (_size, key, reason) => {
        if (reason === 'set') return;
        store
          .delete(key)
          .catch((error: unknown) => log.warn({ err: error, key }, 'removing thumbnail failed'));
      },
    });
  }

  /** bytes on disk */
  get size(): number {
    return this.#sizes.calculatedSize;
  }

  /** Whether the thumbnail exists; marks it as used. */
  has(key: string): boolean {
    return this.#sizes.get(key) !== undefined;
  }

  /** @throws StorageError */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.store.put(key, bytes);
    this.#sizes.set(key, bytes.length);
  }

  /** Removes an entry whose file turned out to be gone. */
  forget(key: string): void {
    this.#sizes.delete(key);
  }
}
