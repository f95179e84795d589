import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import type { BlobSource, PutOptions } from './blob-store.js';
import { StorageError } from './errors.js';
import { FileWriter } from './file-writer.js';
import { fileError } from './local/file-errors.js';

export interface TemporaryFile {
  path: string;
  size: number;
  sha256: string | undefined;
}

/**
 * Writes a source to a new file in `folder`.
 * @param sync whether to flush the file to disk before returning
 * @throws StorageError; the file is removed then
 */
export async function writeTemporary(
  folder: string,
  source: BlobSource,
  { maxBytes = Number.POSITIVE_INFINITY, sha256, signal }: PutOptions,
  sync: boolean,
): Promise<TemporaryFile> {
  const file = path.join(folder, `${randomBytes(12).toString('hex')}.part`);
  const stream = source instanceof Uint8Array ? undefined : abortable(source, signal);
  let handle: FileHandle | undefined;
  let writer: FileWriter | undefined;
  try {
    handle = await open(file, 'wx', 0o640).catch(failAsFile);
    writer = new FileWriter(handle);
    const hash = sha256 ? createHash('sha256') : undefined;
    let size = 0;
    for await (const chunk of stream ? chunksOf(stream) : [source as Uint8Array]) {
      size += chunk.length;
      if (size > maxBytes) throw new StorageError('too-large', `more than ${maxBytes} bytes`);
      hash?.update(chunk);
      await writer.write(chunk).catch(failAsFile);
    }
    await writer.flush().catch(failAsFile);
    if (sync) await handle.datasync().catch(failAsFile);
    await handle.close().catch(failAsFile);
    return { path: file, size, sha256: hash?.digest('hex') };
  } catch (error) {
    if (stream instanceof Readable) stream.destroy();
    await handle?.close().catch(() => {});
    await rm(file, { force: true }).catch(() => {});
    throw error;
  } finally {
    writer?.release();
  }
}

/** Iterates over a stream or other chunks; fails when `signal` is aborted. */
function abortable(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  if (!signal) return source;
  const stream = source instanceof Readable ? source : Readable.from(source, { objectMode: false });
  return addAbortSignal(signal, stream);
}

async function* chunksOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw new StorageError('source-failed', 'the source of the upload failed', { cause: error });
  }
}

function failAsFile(error: unknown): never {
  throw fileError(error);
}
