import type {
  BlobInfo,
  BlobSource,
  BlobStore,
  ByteRange,
  ListOptions,
  OpenBlob,
  PutOptions,
  StoredBlob,
} from './blob-store.js';
import { StorageError } from './errors.js';

/** A finished operation, for metrics. */
export interface Operation {
  name: 'put' | 'get' | 'head' | 'delete' | 'list' | 'check' | 'sweep';
  /** `ok`, or the StorageError's code */
  outcome: string;
  /** of a `get`, until the first byte can be read */
  seconds: number;
  /** content stored, or opened for reading */
  bytes: number;
}

/** Wraps a store and reports its operations to `observe`. */
export class ObservedBlobStore implements BlobStore {
  readonly #store: BlobStore;
  readonly #observe: (operation: Operation) => void;

  constructor(store: BlobStore, observe: (operation: Operation) => void) {
    this.#store = store;
    this.#observe = observe;
  }

  put(key: string, source: BlobSource, options?: PutOptions): Promise<StoredBlob> {
    return this.#run('put', this.#store.put(key, source, options), ({ size }) => size);
  }

  get(key: string, range?: ByteRange): Promise<OpenBlob> {
    return this.#run('get', this.#store.get(key, range), ({ length }) => length);
  }

  head(key: string): Promise<BlobInfo> {
    return this.#run('head', this.#store.head(key));
  }

  delete(key: string): Promise<void> {
    return this.#run('delete', this.#store.delete(key));
  }

  list(prefix: string, options?: ListOptions): Promise<BlobInfo[]> {
    return this.#run('list', this.#store.list(prefix, options));
  }

  check(): Promise<void> {
    return this.#run('check', this.#store.check());
  }

  sweep(ageMs: number): Promise<number> {
    return this.#run('sweep', this.#store.sweep(ageMs));
  }

  close(): void {
    this.#store.close();
  }

  async #run<T>(
    name: Operation['name'],
    work: Promise<T>,
    bytesOf: (result: T) => number = () => 0,
  ): Promise<T> {
    const begin = performance.now();
    const seconds = () => (performance.now() - begin) / 1000;
    try {
      const result = await work;
      this.#observe({ name, outcome: 'ok', seconds: seconds(), bytes: bytesOf(result) });
      return result;
    } catch (error) {
      const outcome = error instanceof StorageError ? error.code : 'internal';
      this.#observe({ name, outcome, seconds: seconds(), bytes: 0 });
      throw error;
    }
  }
}
