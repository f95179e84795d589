import { StorageError, type StorageErrorCode } from '../errors.js';

const codes: Readonly<Record<string, StorageErrorCode>> = {
  ENOENT: 'not-found',
  // A parent folder of the path is a blob, or the path itself is a folder.
  ENOTDIR: 'not-found',
  EISDIR: 'not-found',
  // A symbolic link, which this store never creates.
  ELOOP: 'not-found',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space',
};

/** Maps an error of the file system to a StorageError. */
export function fileError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { code = '', message = String(error) } = Object(error) as { code?: string; message?: string };
  return new StorageError(codes[code] ?? 'unavailable', message, { cause: error });
}

export function hasCode(error: unknown, ...wanted: string[]): boolean {
  return wanted.includes(String((Object(error) as { code?: unknown }).code));
}
