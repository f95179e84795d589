import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import type { FileSink } from './receive-file.js';
import type { FileSource } from './send-file.js';

/** Opens a file on disk for sending. @throws Error of the file system; RangeError when it is not a file */
export async function openFile(file: string): Promise<FileSource & { close(): Promise<void> }> {
  const handle = await open(file, 'r');
  const info = await handle.stat();
  if (!info.isFile()) {
    await handle.close();
    throw new RangeError(`${file} is not a file`);
  }
  return {
    name: path.basename(file),
    size: info.size,
    read: async (offset, length) => {
      const data = Buffer.allocUnsafe(length);
      for (let filled = 0; filled < length; ) {
        const { bytesRead } = await handle.read(data, filled, length - filled, offset + filled);
        if (bytesRead === 0) throw new RangeError(`${file} was truncated while it was read`);
        filled += bytesRead;
      }
      return data;
    },
    close: () => handle.close(),
  };
}

/** A sink that writes to a file on disk. */
export interface LocalSink extends FileSink {
  /** Closes the file; what was received so far stays for the next attempt. */
  close(): Promise<void>;
}

/**
 * Receives into `partial`, appending to what it already holds, and renames it once it is complete and flushed to disk.
 * An existing file of that name is replaced: choose one that is free.
 * @param size of the whole file, bytes; a larger `partial` is started over
 * @throws Error of the file system
 */
export async function openSink(partial: string, target: string, size: number): Promise<LocalSink> {
  const known = await stat(partial).catch(() => undefined);
  const goOn = known?.isFile() === true && known.size <= size;
  const handle: FileHandle = await open(partial, goOn ? 'r+' : 'w', 0o600);
  const offset = goOn ? known.size : 0;
  let position = offset;
  return {
    offset,
    write: async (data) => {
      for (let written = 0; written < data.length; ) {
        const { bytesWritten } = await handle.write(data, written, data.length - written, position);
        written += bytesWritten;
        position += bytesWritten;
      }
    },
    finish: async () => {
      await handle.sync();
      await rename(partial, target);
    },
    close: () => handle.close(),
  };
}
