import { StorageError, type StorageErrorCode } from '../errors.js';

const codes: Readonly<Record<string, StorageErrorCode>> = {
  NoSuchKey: 'not-found',
  NotFound: 'not-found',
  InvalidRange: 'invalid-range',
  // What requests over quota get (MinIO, Ceph).
  XMinioAdminBucketQuotaExceeded: 'no-space',
  QuotaExceeded: 'no-space',
  EntityTooLarge: 'no-space',
  AbortError: 'deadline-exceeded',
  TimeoutError: 'deadline-exceeded',
};

/** The StorageError for what the client or the object store says. */
export function s3Error(error: unknown, what: string): StorageError {
  if (error instanceof StorageError) return error;
  const { name = '', message = String(error) } = Object(error) as { name?: string; message?: string };
  const code = codes[name] ?? 'unavailable';
  return new StorageError(code, `${what}: ${name === message ? name : `${name}: ${message}`}`, {
    cause: error,
  });
}

/** Whether to try once more is worth it: not after a refusal. */
export function isWorthAnotherTry(error: unknown): boolean {
  const { $metadata } = Object(error) as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  return status === undefined || status >= 500 || status === 429;
}
