import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { type BlobStore, StorageError } from '@teamtalk/blob-store';
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

/** Read at once, bytes: a receiver who is slow to take them keeps nothing of the store open. */
const pieceBytes = 262_144;

/**
 * The bytes of a part, piece by piece. From its beginning they are checked: the last ones come only when all
 * were what was stored. From `from` on (an offset in the file) they are not.
 * @throws DamagedPart; StorageError when the store does not work
 */
export async function* readPart(store: BlobStore, part: Part, from = part.start): AsyncGenerator<Buffer> {
  const hash = from === part.start ? createHash('sha256') : undefined;
  for (let at = from - part.start; at < part.size; ) {
    const piece = await readPiece(store, part, at);
    at += piece.length;
    hash?.update(piece);
    if (at === part.size && hash && !hash.digest().equals(part.sha256)) {
      throw new DamagedPart(part, 'is not what was stored');
    }
    yield piece;
  }
}

/** @param offset in the part */
async function readPiece(store: BlobStore, part: Part, offset: number): Promise<Buffer> {
  const length = Math.min(pieceBytes, part.size - offset);
  try {
    const blob = await store.get(part.key, { offset, length });
    const { info } = blob;
    const piece = await buffer(blob.stream());
    if (info.size !== part.size) throw new DamagedPart(part, `has ${info.size} bytes, not ${part.size}`);
    if (piece.length !== length) throw new DamagedPart(part, `gave ${piece.length} bytes, not ${length}`);
    return piece;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (error.code !== 'not-found' && error.code !== 'invalid-range') throw error;
    throw new DamagedPart(part, `has no byte ${offset}`, { cause: error });
  }
}
