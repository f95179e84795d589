import type { BigIntStats } from 'node:fs';
import { constants, mkdirSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir, stat, statfs, unlink } from 'node:fs/promises';
import path from 'node:path';
import { withDeadline } from '@teamtalk/service-kit';
import {
  type BlobInfo,
  type BlobSource,
  type BlobStore,
  type ByteRange,
  type ListOptions,
  maxPage,
  type OpenBlob,
  type PutOptions,
  type StoredBlob,
} from '../blob-store.js';
import { StorageError } from '../errors.js';
import { requireKey, requirePrefix } from '../key.js';
import { type TemporaryFile, writeTemporary } from '../temporary-file.js';
import { fileError, hasCode } from './file-errors.js';
import { OpenFile } from './open-file.js';
import { walkKeys } from './walk.js';

export interface LocalStoreOptions {
  folder: string;
  /** ms for everything but the transfer of content */
  timeoutMs: number;
  /** false: a crash of the machine may lose recent writes (for caches). Default: true. */
  durable?: boolean;
}

/** Inside the folder, so that a rename to a key stays on one file system. No key begins with a dot. */
const temporaryFolder = '.tmp';

/**
 * Blobs as files in one folder, the key being the path. A blob is written under a temporary name, flushed to
 * disk and renamed. Replicas may share the folder over a network file system with atomic renames.
 */
export class LocalBlobStore implements BlobStore {
  readonly #root: string;
  readonly #temporary: string;
  readonly #timeoutMs: number;
  readonly #durable: boolean;

  /** @throws StorageError `unavailable` when the folder cannot be created */
  constructor({ folder, timeoutMs, durable = true }: LocalStoreOptions) {
    this.#root = path.resolve(folder);
    this.#temporary = path.join(this.#root, temporaryFolder);
    this.#timeoutMs = timeoutMs;
    this.#durable = durable;
    try {
      mkdirSync(this.#temporary, { recursive: true, mode: 0o750 });
    } catch (error) {
      throw new StorageError('unavailable', `the storage folder cannot be created: ${String(error)}`, {
        cause: error,
      });
    }
  }

  async put(key: string, source: BlobSource, options: PutOptions = {}): Promise<StoredBlob> {
    requireKey(key);
    const file = await writeTemporary(this.#temporary, source, options, this.#durable);
    try {
      return await this.#within('storing', this.#moveIn(key, file));
    } catch (error) {
      await rm(file.path, { force: true }).catch(() => {});
      // The path is a folder, or is below a blob: the caller's keys clash.
      const clash = hasCode((error as StorageError).cause, 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY');
      throw clash
        ? new StorageError('invalid-key', `${key} clashes with another key`, { cause: error })
        : error;
    }
  }

  async get(key: string, { offset = 0, length }: Partial<ByteRange> = {}): Promise<OpenBlob> {
    requireKey(key);
    const opening = open(this.#path(key), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const handle = await this.#within('opening', opening);
      const info = infoOf(key, await this.#within('reading', handle.stat({ bigint: true })));
      if (offset > 0 && offset >= info.size) {
        throw new StorageError('invalid-range', `${key} ends at ${info.size}, before ${offset}`);
      }
      return new OpenFile(handle, info, offset, Math.min(length ?? info.size, info.size - offset));
    } catch (error) {
      // It may still open after the time limit.
      void opening.then(
        (handle) => handle.close(),
        () => {},
      );
      throw error;
    }
  }

  async head(key: string): Promise<BlobInfo> {
    requireKey(key);
    return infoOf(
      key,
      await this.#within(`reading metadata of ${key}`, stat(this.#path(key), { bigint: true })),
    );
  }

  async delete(key: string): Promise<void> {
    requireKey(key);
    await this.#within('deleting', this.#remove(key));
  }

  async list(prefix: string, { after, limit = maxPage }: ListOptions = {}): Promise<BlobInfo[]> {
    requirePrefix(prefix);
    return this.#within('listing', this.#page(prefix, after, Math.min(limit, maxPage)));
  }

  async check(): Promise<void> {
    await this.#within(
      'a write',
      (async () => {
        const file = await writeTemporary(this.#temporary, Buffer.from('.'), {}, false);
        await rm(file.path);
        const { bavail } = await statfs(this.#root);
        if (bavail === 0) throw new StorageError('no-space', 'the volume is full');
      })(),
    );
  }

  async sweep(ageMs: number): Promise<number> {
    let count = 0;
    for (const name of await readdir(this.#temporary).catch(() => [])) {
      const file = path.join(this.#temporary, name);
      const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
      if (mtimeMs > Date.now() - ageMs) continue;
      await rm(file, { force: true }).catch(() => {});
      count++;
    }
    return count;
  }

  close(): void {}

  #path(key: string): string {
    return path.join(this.#root, key);
  }

  async #moveIn(key: string, file: TemporaryFile): Promise<StoredBlob> {
    const target = this.#path(key);
    const folder = path.dirname(target);
    for (let attempt = 0; ; attempt++) {
      const firstMade = await mkdir(folder, { recursive: true, mode: 0o750 });
      try {
        await rename(file.path, target);
        if (this.#durable) await syncFolders(folder, firstMade);
        break;
      } catch (error) {
        // A concurrent delete has removed the folder, which was still empty.
        if (!hasCode(error, 'ENOENT') || attempt === 5) throw error;
      }
    }
    return { ...infoOf(key, await stat(target, { bigint: true })), sha256: file.sha256 };
  }

  async #remove(key: string): Promise<void> {
    try {
      await unlink(this.#path(key));
      // Empty parent folders are removed too, up to the first that is not empty.
      for (let folder = path.dirname(key); folder !== '.'; folder = path.dirname(folder)) {
        await rmdir(this.#path(folder));
      }
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EPERM', 'ENOTEMPTY', 'EEXIST')) throw error;
    }
  }

  async #page(prefix: string, after: string | undefined, limit: number): Promise<BlobInfo[]> {
    const page: BlobInfo[] = [];
    for await (const key of walkKeys(this.#root, prefix, after)) {
      const found = await stat(this.#path(key), { bigint: true }).catch(() => undefined);
      if (found?.isFile() && page.push(infoOf(key, found)) >= limit) break;
    }
    return page;
  }

  async #within<T>(what: string, work: Promise<T>): Promise<T> {
    try {
      return await withDeadline(work, this.#timeoutMs, what);
    } catch (error) {
      if (hasCode(error, 'deadline-exceeded')) {
        throw new StorageError('deadline-exceeded', (error as Error).message, { cause: error });
      }
      throw fileError(error);
    }
  }
}

/** @throws StorageError `not-found` for a folder */
function infoOf(key: string, found: BigIntStats): BlobInfo {
  if (!found.isFile()) throw new StorageError('not-found', `${key} is a folder`);
  const etag = `${found.size.toString(16)}-${found.mtimeNs.toString(16)}`;
  return { key, size: Number(found.size), etag, modified: new Date(Number(found.mtimeMs)) };
}

/** Flushes a new name, and the folders created for it, to disk. */
async function syncFolders(folder: string, firstMade: string | undefined): Promise<void> {
  for (let each = folder; ; each = path.dirname(each)) {
    const handle = await open(each, 'r');
    await handle.sync().finally(() => handle.close());
    if (firstMade === undefined || each === path.dirname(firstMade)) return;
  }
}
