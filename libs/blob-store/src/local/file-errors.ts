import { StorageError, type StorageErrorCode } from '../errors.js';

const codes: Readonly<Record<string, StorageErrorCode>> = {
  ENOENT: 'not-found',
  // Part of the path is a blob, or all of it is a folder.
  ENOTDIR: 'not-found',
  EISDIR: 'not-found',
  // A symbolic link, which we never make.
  ELOOP: 'not-found',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space',
};

/** The StorageError for what the file system says. */
export function fileError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { code = '', message = String(error) } = Object(error) as { code?: string; message?: string };
  return new StorageError(codes[code] ?? 'unavailable', message, { cause: error });
}

export function hasCode(error: unknown, ...wanted: string[]): boolean {
  return wanted.includes(String((Object(error) as { code?: unknown }).code));
}
