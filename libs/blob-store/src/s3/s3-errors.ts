import { StorageError, type StorageErrorCode } from '../errors.js';

const codes: Readonly<Record<string, StorageErrorCode>> = {
  NoSuchKey: 'not-found',
  NotFound: 'not-found',
  InvalidRange: 'invalid-range',
  // Returned for requests over quota (MinIO, Ceph).
  XMinioAdminBucketQuotaExceeded: 'no-space',
  QuotaExceeded: 'no-space',
  EntityTooLarge: 'no-space',
  AbortError: 'deadline-exceeded',
  TimeoutError: 'deadline-exceeded',
};

/** Maps an error of the client or the object store to a StorageError. */
export function s3Error(error: unknown, what: string): StorageError {
  if (error instanceof StorageError) return error;
  const { name = '', message = String(error) } = Object(error) as { name?: string; message?: string };
  const code = codes[name] ?? 'unavailable';
  return new StorageError(code, `${what}: ${name === message ? name : `${name}: ${message}`}`, {
    cause: error,
  });
}

/** Whether a retry is worth it: not after a refusal. */
export function isWorthAnotherTry(error: unknown): boolean {
  const { $metadata } = Object(error) as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  return status === undefined || status >= 500 || status === 429;
}
