import { StorageError } from './errors.js';

const maxKeyLength = 512;
const maxSegmentLength = 200;
const segment = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/**
 * Whether `text` may name a blob: segments of letters, digits, `_`, `-` and `.` between single slashes, none
 * of which begins with `.` or `-`; at most 512 characters, 200 a segment. This rules out absolute paths,
 * `..`, backslashes, NUL, anything percent-encoded, and names a file system would refuse or change.
 */
export function isKey(text: string): boolean {
  return (
    text.length <= maxKeyLength &&
    text.split('/').every((part) => part.length <= maxSegmentLength && segment.test(part))
  );
}

/** @throws StorageError `invalid-key` */
export function requireKey(key: string): void {
  if (!isKey(key)) throw new StorageError('invalid-key', `invalid key: ${JSON.stringify(key.slice(0, 100))}`);
}

/** @throws StorageError `invalid-key` unless some key can begin with `prefix` */
export function requirePrefix(prefix: string): void {
  if (prefix !== '' && !isKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)) {
    throw new StorageError('invalid-key', `invalid prefix: ${JSON.stringify(prefix.slice(0, 100))}`);
  }
}
