import type { Readable } from 'node:stream';

/** What a store knows of a blob. */
export interface BlobInfo {
  key: string;
  /** bytes */
  size: number;
  /** Changes when the content does; without quotes. The same at every replica. */
  etag: string;
  modified: Date;
}

export interface PutOptions {
  /** More bytes than this are refused with `too-large`. Default: no limit. */
  maxBytes?: number;
  /** Whether to compute the SHA-256. Default: no. */
  sha256?: boolean;
  /** Gives up; the `put` fails with `source-failed`. */
  signal?: AbortSignal;
}

export interface StoredBlob extends BlobInfo {
  /** lower-case hex, where it was asked for */
  sha256: string | undefined;
}

/** Part of a blob. What lies beyond its end is left out. */
export interface ByteRange {
  offset: number;
  /** bytes; to the end when left out */
  length?: number;
}

/** A blob that was found. Its content must be taken, once, by `stream` or by `copyTo`. */
export interface OpenBlob {
  info: BlobInfo;
  /** where the content begins */
  offset: number;
  /** how many bytes it gives */
  length: number;
  /** The content, to be read to its end, or destroyed. */
  stream(): Readable;
  /**
   * The content in pieces, of which `write` gets the next when the promise of the last one is fulfilled; the
   * piece is used again then. The fastest way to send a large blob.
   * @throws StorageError, or what `write` fails with
   */
  copyTo(write: (piece: Uint8Array) => Promise<void>): Promise<void>;
}

export interface ListOptions {
  /** Only keys after this one: the last of the page before. */
  after?: string;
  /** at most 1000, which is the default */
  limit?: number;
}

export type BlobSource = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Blobs by key, on a volume or in an object store. What `put` has returned is there, whole, for every replica,
 * also after a crash; before that nobody sees any of it. Every method fails with a StorageError; those that do
 * not carry content end within the store's time limit. Keys: see `isKey`. A key must not be a folder of
 * another one: with `a/b`, there can be no `a`.
 */
export interface BlobStore {
  /**
   * Stores a blob, in the place of one that has this key already. Memory is bounded whatever the size. When it
   * fails, nothing of it stays, and the source, if it is a stream, is destroyed.
   */
  put(key: string, source: BlobSource, options?: PutOptions): Promise<StoredBlob>;

  /** @throws StorageError `not-found`, `invalid-range` */
  get(key: string, range?: ByteRange): Promise<OpenBlob>;

  /** @throws StorageError `not-found` */
  head(key: string): Promise<BlobInfo>;

  /** Removes a blob; one that is not there is no failure. */
  delete(key: string): Promise<void>;

  /** A page of the blobs whose keys begin with `prefix`, in the order of their characters. */
  list(prefix: string, options?: ListOptions): Promise<BlobInfo[]>;

  /** Whether the store works: looks, and fails when it does not. */
  check(): Promise<void>;

  /** Removes what uploads that were cut short (by a crash) left more than `ageMs` ago. @returns how many */
  sweep(ageMs: number): Promise<number>;

  close(): void;
}

export const maxPage = 1000;
