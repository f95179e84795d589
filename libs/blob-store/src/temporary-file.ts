import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import type { BlobSource, PutOptions } from './blob-store.js';
import { StorageError } from './errors.js';
import { fileError } from './local/file-errors.js';

export interface TemporaryFile {
  path: string;
  size: number;
  sha256: string | undefined;
}

/** So much is gathered before it is written: streams from the network come in pieces of up to 64 KiB. */
const writeBytes = 256 * 1024;

/**
 * Writes a source to a new file in `folder`.
 * @param sync whether it is on the disk, not only in the system's memory, when this returns
 * @throws StorageError; there is no file then
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
  try {
    handle = await open(file, 'wx', 0o640).catch(failAsFile);
    const hash = sha256 ? createHash('sha256') : undefined;
    let size = 0;
    let waiting: Uint8Array[] = [];
    let waitingBytes = 0;
    const flush = async (): Promise<void> => {
      if (waitingBytes === 0) return;
      const [chunks, bytes] = [waiting, waitingBytes];
      waiting = [];
      waitingBytes = 0;
      await writeAll(handle!, chunks, bytes);
    };
    for await (const chunk of stream ? chunksOf(stream) : [source as Uint8Array]) {
      size += chunk.length;
      if (size > maxBytes) throw new StorageError('too-large', `more than ${maxBytes} bytes`);
      hash?.update(chunk);
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes >= writeBytes) await flush();
    }
    await flush();
    if (sync) await handle.datasync().catch(failAsFile);
    await handle.close().catch(failAsFile);
    return { path: file, size, sha256: hash?.digest('hex') };
  } catch (error) {
    if (stream instanceof Readable) stream.destroy();
    await handle?.close().catch(() => {});
    await rm(file, { force: true }).catch(() => {});
    throw error;
  }
}

/** A stream, or what else gives chunks, that fails when `signal` says so. */
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
    throw new StorageError('source-failed', 'what was to be stored broke off', { cause: error });
  }
}

async function writeAll(handle: FileHandle, chunks: Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await handle.writev(chunks).catch(failAsFile);
  if (bytesWritten === bytes) return;
  // A signal, or a volume that is nearly full: the rest in one piece.
  let rest = Buffer.concat(chunks).subarray(bytesWritten);
  while (rest.length > 0) rest = rest.subarray((await handle.write(rest).catch(failAsFile)).bytesWritten);
}

function failAsFile(error: unknown): never {
  throw fileError(error);
}
