import { createHash } from 'node:crypto';
import { type BlobStore, bytesOf, StorageError } from '@teamtalk/blob-store';
import type { Part } from '../tasks/task-store.js';

/** A stored part is missing or corrupt. */
export class DamagedPart extends Error {
  override readonly name = 'DamagedPart';
  readonly part: Part;

  constructor(part: Part, what: string, options?: ErrorOptions) {
    super(`${part.key}: ${what}`, options);
    this.part = part;
  }
}

/**
 * The bytes of a part, piece by piece; the store is not held open between two pieces. When read from their beginning they
 * are verified: the last ones are returned only if the hash matches. From a later offset `from` (in the file) they are not.
 * @param pieceBytes maximum size of the next piece
 * @throws DamagedPart; StorageError when the store does not work
 */
export async function* readPart(
  store: BlobStore,
  part: Part,
  pieceBytes: () => number,
  from = part.start,
): AsyncGenerator<Buffer> {
  const hash = from === part.start ? createHash('sha256') : undefined;
  for (let at = from - part.start; at < part.size; ) {
    const piece = await readPiece(store, part, at, pieceBytes());
    at += piece.length;
    hash?.update(piece);
    if (at === part.size && hash && !hash.digest().equals(part.sha256)) {
      throw new DamagedPart(part, 'is corrupt');
    }
    yield piece;
  }
}

/**
 * Reads a part from beginning to end, in large pieces whose memory is reused once `use` has returned.
 * @throws DamagedPart when it is corrupt; StorageError; what `use` throws
 */
export async function checkPart(
  store: BlobStore,
  part: Part,
  use: (piece: Uint8Array) => void,
): Promise<void> {
  const hash = createHash('sha256');
  await orDamaged(part, async () => {
    const blob = await store.get(part.key);
    let size = 0;
    await blob.copyTo(async (piece) => {
      size += piece.length;
      hash.update(piece);
      use(piece);
    });
    if (size !== part.size) throw new DamagedPart(part, `has ${size} bytes, not ${part.size}`);
  });
  if (!hash.digest().equals(part.sha256)) throw new DamagedPart(part, 'is corrupt');
}

/** @param offset in the part */
function readPiece(store: BlobStore, part: Part, offset: number, bytes: number): Promise<Buffer> {
  const length = Math.min(bytes, part.size - offset);
  return orDamaged(part, async () => {
    const blob = await store.get(part.key, { offset, length });
    const piece = await bytesOf(blob);
    const { size } = blob.info;
    if (size !== part.size) throw new DamagedPart(part, `has ${size} bytes, not ${part.size}`);
    if (piece.length !== length) throw new DamagedPart(part, `gave ${piece.length} bytes, not ${length}`);
    return piece;
  });
}

/** A missing or truncated blob counts as damage. */
async function orDamaged<T>(part: Part, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (error.code !== 'not-found' && error.code !== 'invalid-range') throw error;
    throw new DamagedPart(part, error.message, { cause: error });
  }
}
