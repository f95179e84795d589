import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import type { FileSink } from './receive-file.js';
import type { FileSource } from './send-file.js';

/** A file on the disk, opened to be sent. @throws Error of the file system; RangeError for what is no file */
export async function openFile(file: string): Promise<FileSource & { close(): Promise<void> }> {
  const handle = await open(file, 'r');
  const info = await handle.stat();
  if (!info.isFile()) {
    await handle.close();
    throw new RangeError(`${file} is no file`);
  }
  return {
    name: path.basename(file),
    size: info.size,
    read: async (offset, length) => {
      const data = Buffer.allocUnsafe(length);
      for (let filled = 0; filled < length; ) {
        const { bytesRead } = await handle.read(data, filled, length - filled, offset + filled);
        if (bytesRead === 0) throw new RangeError(`${file} has become shorter`);
        filled += bytesRead;
      }
      return data;
    },
    close: () => handle.close(),
  };
}

/** A sink that is a file on the disk. */
export interface LocalSink extends FileSink {
  /** Lets go of the file; what was received so far stays for the next try. */
  close(): Promise<void>;
}

/**
 * Receives into `partial`, going on behind what is in it already, and gives it its name once it is whole and
 * on the disk. A file that has that name meanwhile is replaced: choose one that is free.
 * @param size of the whole file, bytes; a `partial` that is larger is begun anew
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
