/** Why an operation on a store failed. */
export type StorageErrorCode =
  /** The key is not one (see `isKey`), or names what is a folder of other keys. */
  | 'invalid-key'
  | 'not-found'
  /** The range begins at or beyond the end of the blob. */
  | 'invalid-range'
  /** The source gave more bytes than allowed. */
  | 'too-large'
  /** The source of a `put` failed, or gave up; `cause` is its error. */
  | 'source-failed'
  /** The volume is full, or its quota is. */
  | 'no-space'
  | 'deadline-exceeded'
  /** The volume or the object store does not work; the same may succeed a moment later. */
  | 'unavailable';

/** Every failure of a store; `cause` keeps what was wrapped. */
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
