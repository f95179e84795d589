import type { OpenBlob } from './blob-store.js';
import { StorageError } from './errors.js';

/** The whole content in memory; only for blobs known to be small. @throws StorageError */
export async function bytesOf(blob: OpenBlob): Promise<Buffer> {
  const { info, length } = blob;
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  await blob.copyTo(async (piece) => {
    if (filled + piece.length <= length) bytes.set(piece, filled);
    filled += piece.length;
  });
  if (filled !== length) {
    throw new StorageError('unavailable', `${info.key} gave ${filled} bytes, not ${length}`);
  }
  return bytes;
}
