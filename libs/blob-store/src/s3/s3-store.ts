import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
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
import { fileError } from '../local/file-errors.js';
import { makeProcessFolder } from '../process-folder.js';
import { type TemporaryFile, writeTemporary } from '../temporary-file.js';
import { isWorthAnotherTry, s3Error } from './s3-errors.js';

export interface S3StoreOptions {
  client: S3Client;
  bucket: string;
  /** ms for everything but the transfer of content */
  timeoutMs: number;
}

/** Part size of multipart uploads, bytes; parts are sent one after the other. */
const partBytes = 16 * 1024 * 1024;
const attempts = 3;
/** An object store slower than 100 KB a second counts as failed. */
const slowestBytesPerMs = 100;

/**
 * Blobs as objects of one S3 bucket. A stream is first written to a temporary file: this gives its length, bounds
 * the memory of concurrent uploads, and allows a failed request to be retried.
 */
export class S3BlobStore implements BlobStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #timeoutMs: number;
  #folder: Promise<string> | undefined;

  constructor({ client, bucket, timeoutMs }: S3StoreOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#timeoutMs = timeoutMs;
  }

  async put(key: string, source: BlobSource, options: PutOptions = {}): Promise<StoredBlob> {
    requireKey(key);
    const file = await writeTemporary(await this.#temporaryFolder(), source, options, false);
    try {
      const etag = await this.#upload(key, file);
      return { key, size: file.size, etag, modified: new Date(), sha256: file.sha256 };
    } catch (error) {
      throw s3Error(error, `storing ${key}`);
    } finally {
      await rm(file.path, { force: true }).catch(() => {});
    }
  }

  async get(key: string, { offset = 0, length }: Partial<ByteRange> = {}): Promise<OpenBlob> {
    requireKey(key);
    // S3 does not support an empty range.
    if (length === 0) return openBlob(await this.head(key), offset, length, Readable.from([]));
    const isPart = offset > 0 || length !== undefined;
    const last = length === undefined ? '' : offset + length - 1;
    const command = new GetObjectCommand({
      ...this.#object(key),
      ...(isPart && { Range: `bytes=${offset}-${last}` }),
    });
    const answer = await this.#within(`opening ${key}`, (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    const stream = answer.Body as Readable;
    const bytes = answer.ContentLength ?? 0;
    const size = isPart ? Number(answer.ContentRange?.split('/')[1]) : bytes;
    return openBlob(infoOf(key, size, answer.ETag, answer.LastModified), offset, bytes, stream);
  }

  async head(key: string): Promise<BlobInfo> {
    requireKey(key);
    const answer = await this.#within(`reading metadata of ${key}`, (abortSignal) =>
      this.#client.send(new HeadObjectCommand(this.#object(key)), { abortSignal }),
    );
    return infoOf(key, answer.ContentLength ?? 0, answer.ETag, answer.LastModified);
  }

  async delete(key: string): Promise<void> {
    requireKey(key);
    const command = new DeleteObjectCommand(this.#object(key));
    await this.#within(`deleting ${key}`, (abortSignal) => this.#client.send(command, { abortSignal }));
  }

  async list(prefix: string, { after, limit = maxPage }: ListOptions = {}): Promise<BlobInfo[]> {
    requirePrefix(prefix);
    const command = new ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: prefix,
      StartAfter: after,
      MaxKeys: Math.min(limit, maxPage),
    });
    const { Contents = [] } = await this.#within('listing', (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return Contents.map(({ Key = '', Size = 0, ETag, LastModified }) =>
      infoOf(Key, Size, ETag, LastModified),
    );
  }

  async check(): Promise<void> {
    const command = new HeadBucketCommand({ Bucket: this.#bucket });
    await this.#within(`bucket ${this.#bucket}`, (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
  }

  async sweep(ageMs: number): Promise<number> {
    const list = new ListMultipartUploadsCommand({ Bucket: this.#bucket });
    const { Uploads = [] } = await this.#within('listing unfinished uploads', (abortSignal) =>
      this.#client.send(list, { abortSignal }),
    );
    let count = 0;
    for (const { Key, UploadId, Initiated } of Uploads) {
      if (!Initiated || Initiated.getTime() > Date.now() - ageMs) continue;
      const abort = new AbortMultipartUploadCommand({ Bucket: this.#bucket, Key, UploadId });
      await this.#within('removing an unfinished upload', (abortSignal) =>
        this.#client.send(abort, { abortSignal }),
      );
      count++;
    }
    return count;
  }

  close(): void {
    this.#client.destroy();
    void this.#folder?.then((folder) => rm(folder, { recursive: true, force: true })).catch(() => {});
  }

  #temporaryFolder(): Promise<string> {
    this.#folder ??= makeProcessFolder('uploads').catch((error: unknown) => {
      this.#folder = undefined;
      throw fileError(error);
    });
    return this.#folder;
  }

  #object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: key };
  }

  /** @returns the etag */
  async #upload(key: string, file: TemporaryFile): Promise<string> {
    if (file.size > partBytes) {
      const upload = new Upload({
        client: this.#client,
        params: { ...this.#object(key), Body: createReadStream(file.path) },
        partSize: partBytes,
        queueSize: 1,
      });
      return bare((await upload.done()).ETag);
    }
    for (let attempt = 1; ; attempt++) {
      // The client does not retry requests with a stream, which it cannot rewind.
      const Body = createReadStream(file.path);
      try {
        const command = new PutObjectCommand({ ...this.#object(key), Body, ContentLength: file.size });
        const answer = await this.#within(
          `storing ${key}`,
          (abortSignal) => this.#client.send(command, { abortSignal }),
          this.#timeoutMs + file.size / slowestBytesPerMs,
        );
        return bare(answer.ETag);
      } catch (error) {
        Body.destroy();
        if (attempt === attempts || !isWorthAnotherTry((error as StorageError).cause)) throw error;
      }
    }
  }

  async #within<T>(
    what: string,
    send: (signal: AbortSignal) => Promise<T>,
    ms = this.#timeoutMs,
  ): Promise<T> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), ms);
    try {
      return await send(giveUp.signal);
    } catch (error) {
      throw giveUp.signal.aborted
        ? new StorageError('deadline-exceeded', `${what} took longer than ${ms} ms`, {
            cause: error,
          })
        : s3Error(error, what);
    } finally {
      clearTimeout(timer);
    }
  }
}

function openBlob(info: BlobInfo, offset: number, length: number, stream: Readable): OpenBlob {
  return {
    info,
    offset,
    length,
    stream: () => stream,
    copyTo: async (write) => {
      for await (const piece of piecesOf(stream, info.key)) await write(piece);
    },
  };
}

async function* piecesOf(stream: Readable, key: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw s3Error(error, `reading ${key}`);
  }
}

function infoOf(key: string, size: number, etag: string | undefined, modified: Date | undefined): BlobInfo {
  return { key, size, etag: bare(etag), modified: modified ?? new Date(0) };
}

/** An ETag without its quotes. */
function bare(etag = ''): string {
  return etag.replaceAll('"', '');
}
