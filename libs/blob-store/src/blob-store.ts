import type { Readable } from 'node:stream';

/** Metadata of a stored blob. */
export interface BlobInfo {
  key: string;
  /** bytes */
  size: number;
  /** Changes when the content does; without quotes. The same at every replica. */
  etag: string;
  modified: Date;
}

export interface PutOptions {
  /** Larger content is refused with `too-large`. Default: no limit. */
  maxBytes?: number;
  /** Whether to compute the SHA-256. Default: no. */
  sha256?: boolean;
  /** Aborts the `put`, which fails with `source-failed`. */
  signal?: AbortSignal;
}

export interface StoredBlob extends BlobInfo {
  /** lower-case hex; only when it was requested */
  sha256: string | undefined;
}

/** A byte range of a blob. It is cut at the blob's end. */
export interface ByteRange {
  offset: number;
  /** bytes; default: to the end */
  length?: number;
}

/** An open blob. Its content must be consumed exactly once, by `stream` or by `copyTo`. */
export interface OpenBlob {
  info: BlobInfo;
  /** offset at which the content begins, bytes */
  offset: number;
  /** bytes of content */
  length: number;
  /** The content; must be read to its end or destroyed. */
  stream(): Readable;
  /**
   * Passes the content to `write` chunk by chunk, the next one when the previous promise is fulfilled. The chunk's
   * memory is reused after that. The fastest way to send a large blob.
   * @throws StorageError, or the error `write` rejects with
   */
  copyTo(write: (piece: Uint8Array) => Promise<void>): Promise<void>;
}

export interface ListOptions {
  /** Only keys after this one: the last key of the previous page. */
  after?: string;
  /** at most 1000, which is the default */
  limit?: number;
}

export type BlobSource = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Blobs by key, on a volume or in an object store. Once `put` returns, the whole blob is visible to every replica
 * and survives a crash; before that, no reader sees any part of it. Every method fails with a StorageError, and all
 * but the transfer of content end within the store's time limit. Keys: see `isKey`. A key must not be a prefix
 * folder of another one: with `a/b` there can be no `a`.
 */
export interface BlobStore {
  /**
   * Stores a blob, replacing one with the same key. Memory is bounded whatever the size. When it fails, nothing is
   * left behind and the source, if it is a stream, is destroyed.
   */
  put(key: string, source: BlobSource, options?: PutOptions): Promise<StoredBlob>;

  /** @throws StorageError `not-found`, `invalid-range` */
  get(key: string, range?: ByteRange): Promise<OpenBlob>;

  /** @throws StorageError `not-found` */
  head(key: string): Promise<BlobInfo>;

  /** Removes a blob; a missing one is not an error. */
  delete(key: string): Promise<void>;

  /** A page of the blobs whose keys begin with `prefix`, in code point order. */
  list(prefix: string, options?: ListOptions): Promise<BlobInfo[]>;

  /** Health check: fails when the store does not work. */
  check(): Promise<void>;

  /** Removes leftovers of interrupted uploads older than `ageMs`. @returns how many were removed */
  sweep(ageMs: number): Promise<number>;

  close(): void;
}

export const maxPage = 1000;
