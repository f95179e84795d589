import { type BlobStore, bytesOf, isNotFound } from '@teamtalk/blob-store';
import { type Metrics, TeamTalkError } from '@teamtalk/service-kit';
import { LRUCache } from 'lru-cache';
import pLimit, { type LimitFunction } from 'p-limit';
import type { ThumbnailConfig } from '../config.js';
import { type Image, ImageCache } from './image-cache.js';
import { headersFor } from './image-headers.js';
import { servedThumbnail, type ThumbnailName } from './image-name.js';
import { scale } from './scale.js';
import type { ThumbnailFolder } from './thumbnail-folder.js';

/** Types that can be scaled; others have no thumbnails. */
const scalable = new Set(['image/jpeg', 'image/png', 'image/apng', 'image/gif', 'image/webp', 'image/avif']);
const mediaTypes = { jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp' };
/** How long an image without a possible thumbnail is not retried. */
const failureMs = 600_000;

export interface ThumbnailsOptions {
  originals: ImageCache;
  store: BlobStore;
  folder: ThumbnailFolder;
  memoryBytes: number;
  config: ThumbnailConfig;
  metrics: Metrics;
}

/** Scaled-down images, made when first requested. */
export class Thumbnails {
  readonly #originals: ImageCache;
  readonly #store: BlobStore;
  readonly #folder: ThumbnailFolder;
  readonly #config: ThumbnailConfig;
  readonly #cache: ImageCache;
  readonly #limit: LimitFunction;
  readonly #making = new Map<string, Promise<void>>();
  /** By original, the latest of its thumbnails in flight: only one is made at a time. */
  readonly #latest = new Map<string, Promise<void>>();
  readonly #failed = new LRUCache<string, true>({ max: 10_000, ttl: failureMs });
  readonly #count: (outcome: string) => void;

  constructor({ originals, store, folder, memoryBytes, config, metrics }: ThumbnailsOptions) {
    this.#originals = originals;
    this.#store = store;
    this.#folder = folder;
    this.#config = config;
    this.#cache = new ImageCache(folder.store, memoryBytes);
    this.#limit = pLimit(config.concurrency);
    const made = metrics.counter(
      'thumbnails_total',
      'Requested thumbnails that were not cached, by outcome',
      ['outcome'],
    );
    this.#count = (outcome) => made.inc({ outcome });
    metrics.gauge('thumbnails_waiting', 'Thumbnails waiting to be made', () => this.#waiting);
    metrics.gauge('thumbnail_folder_bytes', 'Size of the thumbnails on disk', () => folder.size);
  }

  /** The store of the thumbnails, to send large ones from. */
  get store(): BlobStore {
    return this.#folder.store;
  }

  /**
   * @param asked the size that was asked for; the next larger one of a fixed list is served
   * @param mayMake called when a thumbnail has to be made; false: it is refused
   * @throws TeamTalkError `not-found` when there can be no such thumbnail, `resource-exhausted` when too many
   *   wait already; StorageError of the original
   */
  async find(asked: ThumbnailName, mayMake: () => boolean): Promise<Image> {
    const { maxSide } = this.#config;
    if (asked.width < 1 || asked.height < 1 || asked.width > maxSide || asked.height > maxSide) {
      throw new TeamTalkError('not-found', `a thumbnail has 1 to ${maxSide} pixels a side`);
    }
    const { key, name } = servedThumbnail(asked, maxSide);
    const { original, width, height, format } = name;
    const { info, type } = await this.#originals.find(original);
    if (!type || !scalable.has(type)) throw new TeamTalkError('not-found', `${original} cannot be scaled`);
    const { bytes, info: own } = await this.#made(key, name, mayMake);
    // Derived from the original, so that it is the same at every replica.
    const etag = `${info.etag}-${width}x${height}-${format}`;
    const given = { ...own, etag, modified: info.modified };
    const made = mediaTypes[format];
    return { info: given, type: made, headers: headersFor(given, made), bytes };
  }

  /** Removes a thumbnail whose file turned out to be gone. */
  forget(asked: ThumbnailName): void {
    this.#forget(servedThumbnail(asked, this.#config.maxSide).key);
  }

  #forget(key: string): void {
    this.#cache.forget(key);
    this.#folder.forget(key);
  }

  async #made(key: string, name: ThumbnailName, mayMake: () => boolean): Promise<Image> {
    if (this.#folder.has(key)) {
      try {
        return await this.#cache.find(key);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        // The folder was cleared.
        this.#forget(key);
      }
    }
    let making = this.#making.get(key);
    if (!making) {
      making = this.#make(key, name, mayMake).finally(() => this.#making.delete(key));
      this.#making.set(key, making);
    }
    await making;
    return this.#cache.find(key);
  }

  get #waiting(): number {
    return Math.max(0, this.#making.size - this.#limit.activeCount);
  }

  async #make(key: string, name: ThumbnailName, mayMake: () => boolean): Promise<void> {
    const { original } = name;
    const { maxPixels, maxWaiting, seconds } = this.#config;
    if (this.#failed.has(original)) {
      this.#count('failed_before');
      throw new TeamTalkError('not-found', `${original} cannot be scaled`);
    }
    if (this.#waiting >= maxWaiting || !mayMake()) {
      this.#count('refused');
      throw new TeamTalkError('resource-exhausted', 'too many thumbnails at once');
    }
    await this.#inTurn(original, async () => {
      const bytes = await this.#read(original);
      let scaled: Buffer;
      try {
        scaled = await scale(bytes, { ...name, maxPixels, seconds });
      } catch (error) {
        this.#count('failed');
        this.#failed.set(original, true);
        throw new TeamTalkError('not-found', `${original} cannot be scaled`, { cause: error });
      }
      await this.#folder.put(key, scaled);
      this.#count('made');
    });
  }

  /** Runs a job after those of the same original, and after those of others that came before it. */
  #inTurn(original: string, job: () => Promise<void>): Promise<void> {
    const before = this.#latest.get(original);
    const run = () => this.#limit(job);
    const done: Promise<void> = (before ? before.then(run, run) : run()).finally(() => {
      if (this.#latest.get(original) === done) this.#latest.delete(original);
    });
    this.#latest.set(original, done);
    return done;
  }

  async #read(key: string): Promise<Buffer> {
    const { bytes } = await this.#originals.find(key);
    return bytes ?? bytesOf(await this.#store.get(key));
  }
}
