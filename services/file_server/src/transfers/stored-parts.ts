import { createHash } from 'node:crypto';
import { type BlobStore, isNotFound } from '@teamtalk/blob-store';
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
 * The bytes of a part. From its beginning they are checked: the last ones come only when all were what was
 * stored. From `from` on (an offset in the file) they are not.
 * @throws DamagedPart; StorageError when the store does not work
 */
export async function* readPart(store: BlobStore, part: Part, from = part.start): AsyncGenerator<Buffer> {
  const range = from > part.start ? { offset: from - part.start } : undefined;
  const opened = await store.get(part.key, range).catch((error: unknown) => {
    if (isNotFound(error)) throw new DamagedPart(part, 'is gone', { cause: error });
    throw error;
  });
  const { info, stream } = opened;
  try {
    if (info.size !== part.size) throw new DamagedPart(part, `has ${info.size} bytes, not ${part.size}`);
    const hash = range ? undefined : createHash('sha256');
    let left = opened.length;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash?.update(chunk);
      left -= chunk.length;
      if (left === 0 && hash && !hash.digest().equals(part.sha256)) {
        throw new DamagedPart(part, 'is not what was stored');
      }
      yield chunk;
    }
    if (left > 0) throw new DamagedPart(part, `ends ${left} bytes too early`);
  } finally {
    stream.destroy();
  }
}
