import { type BlobInfo, type BlobStore, bytesOf } from '@teamtalk/blob-store';
import { LRUCache } from 'lru-cache';
import { headersFor, type ImageHeaders } from './image-headers.js';
import { headBytes, shownType } from './media-type.js';

/** A file to be served. */
export interface Image {
  info: BlobInfo;
  /** undefined: served as a download */
  type: string | undefined;
  /** See `headersFor`. */
  headers: ImageHeaders;
  /** the content, if it is in memory */
  bytes: Buffer | undefined;
}

/** Larger files are cached only when requested again; until then they are sent from the store. */
const smallBytes = 512 * 1024;
/** Bytes of larger files read into memory at a time; further requests are served from the store. */
const maxReadingBytes = 32 * 1024 * 1024;
/** Approximate memory of an entry besides its bytes. */
const entryBytes = 2048;

/**
 * A cache of recently used files of a store. Files never change, so entries stay valid; a file removed from the store may
 * still be served for a while.
 */
export class ImageCache {
  readonly #store: BlobStore;
  readonly #cache: LRUCache<string, Image> | undefined;
  /** size of the largest file that is cached */
  readonly #maxWhole: number;
  #reading = 0;
  /** Reads in progress, so that concurrent requests for a new image share one. */
  readonly #loading = new Map<string, Promise<Image>>();

  /** @param maxBytes of memory; 0: nothing is cached */
  constructor(store: BlobStore, maxBytes: number) {
    this.#store = store;
    const maxEntrySize = Math.max(Math.floor(maxBytes / 8), entryBytes);
    this.#maxWhole = maxEntrySize - entryBytes;
    if (maxBytes > 0) {
      this.#cache = new LRUCache({
        maxSize: maxBytes,
        maxEntrySize,
        sizeCalculation: ({ bytes }) => entryBytes + (bytes?.length ?? 0),
      });
    }
  }

  /** bytes in memory */
  get size(): number {
    return this.#cache?.calculatedSize ?? 0;
  }

  /** @throws StorageError */
  async find(key: string): Promise<Image> {
    const cached = this.#cache?.get(key);
    if (cached?.bytes || (cached && !this.#mayRead(cached.info.size))) return cached;
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = (cached ? this.#loadWhole(cached) : this.#load(key)).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  /** Removes a file that the store no longer has. */
  forget(key: string): void {
    this.#cache?.delete(key);
  }

  async #load(key: string): Promise<Image> {
    const blob = await this.#store.get(key);
    const { info } = blob;
    const isSmall = info.size <= smallBytes;
    const read = isSmall ? await bytesOf(blob) : await headOf(blob.stream());
    const type = await shownType(read.subarray(0, headBytes));
    const image = { info, type, headers: headersFor(info, type), bytes: isSmall ? read : undefined };
    this.#cache?.set(key, image);
    return image;
  }

  #mayRead(bytes: number): boolean {
    return bytes <= this.#maxWhole && this.#reading + bytes <= maxReadingBytes;
  }

  async #loadWhole(known: Image): Promise<Image> {
    const { key, size } = known.info;
    this.#reading += size;
    try {
      const whole = { ...known, bytes: await bytesOf(await this.#store.get(key)) };
      this.#cache?.set(key, whole);
      return whole;
    } finally {
      this.#reading -= size;
    }
  }
}

/** The beginning of a stream, which is then destroyed. */
async function headOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes >= headBytes) break;
  }
  return Buffer.concat(chunks);
}
