import { type BlobStore, LocalBlobStore } from '@teamtalk/blob-store';
import type { Logger } from '@teamtalk/service-kit';
import { LRUCache } from 'lru-cache';

const timeoutMs = 10_000;

/** Thumbnails on the disk, up to so many bytes; those that were asked for longest ago go first. */
export class ThumbnailFolder {
  readonly store: BlobStore;
  readonly #sizes: LRUCache<string, number>;

  /** Takes over what is in the folder from an earlier life. */
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
      // An empty one counts, too: it takes a block.
      sizeCalculation: (size) => Math.max(size, 4096),
      dispose: (_size, key, reason) => {
        if (reason === 'set') return;
        store.delete(key).catch((error: unknown) => log.warn({ err: error, key }, 'a thumbnail stays'));
      },
    });
  }

  /** bytes on the disk */
  get size(): number {
    return this.#sizes.calculatedSize;
  }

  /** Whether the thumbnail is there; it counts as asked for. */
  has(key: string): boolean {
    return this.#sizes.get(key) !== undefined;
  }

  /** @throws StorageError */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.store.put(key, bytes);
    this.#sizes.set(key, bytes.length);
  }

  /** One that turned out to be gone. */
  forget(key: string): void {
    this.#sizes.delete(key);
  }
}
