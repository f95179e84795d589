/** Why an operation on a store failed. */
export type StorageErrorCode =
  /** The key is invalid (see `isKey`) or is a folder of other keys. */
  | 'invalid-key'
  | 'not-found'
  /** The range begins at or beyond the end of the blob. */
  | 'invalid-range'
  /** The source has more bytes than allowed. */
  | 'too-large'
  /** The source of a `put` failed or was aborted; `cause` is its error. */
  | 'source-failed'
  /** The volume is full or over quota. */
  | 'no-space'
  | 'deadline-exceeded'
  /** The volume or the object store does not work; a retry may succeed. */
  | 'unavailable';

/** Every failure of a store; `cause` is the underlying error. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'not-found';
}
