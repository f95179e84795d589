import { createHash } from 'node:crypto';
import { type BlobStore, bytesOf, StorageError } from '@teamtalk/blob-store';
import type { Part } from '../tasks/task-store.js';

/** A stored part is gone, or not what was stored. */
export class DamagedPart extends Error {
  override readonly name = 'DamagedPart';
  readonly part: Part;

  constructor(part: Part, what: string, options?: ErrorOptions) {
    super(`${part.key}: ${what}`, options);
    this.part = part;
  }
}

/**
 * The bytes of a part, piece by piece; between two of them nothing of the store is open. From its beginning they are
 * checked: the last ones come only when all were what was stored. From `from` on (an offset in the file) they are not.
 * @param pieceBytes how large the next piece may be
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
      throw new DamagedPart(part, 'is not what was stored');
    }
    yield piece;
  }
}

/**
 * Reads a part from its beginning to its end, in large pieces that are used again once `use` has returned.
 * @throws DamagedPart when it is not what was stored; StorageError; what `use` throws
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
  if (!hash.digest().equals(part.sha256)) throw new DamagedPart(part, 'is not what was stored');
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

/** What the store has not got, or has less of, is damage. */
async function orDamaged<T>(part: Part, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (error.code !== 'not-found' && error.code !== 'invalid-range') throw error;
    throw new DamagedPart(part, error.message, { cause: error });
  }
}
