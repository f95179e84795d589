import type { Readable } from 'node:stream';
import type { BlobStore, StoredBlob } from '@teamtalk/blob-store';
import { StorageError } from '@teamtalk/blob-store';
import type { Request } from 'express';
import type { StorageEngine } from 'multer';
import { newImageName } from '../images/image-name.js';
import { headBytes, shownType } from '../images/media-type.js';
import { EmptyFile } from './upload-error.js';

/** What multer passes on about a stored file. */
export interface UploadedFile extends Express.Multer.File {
  stored: StoredBlob;
}

/** Makes multer stream uploads into a store, under a name that depends on their first bytes. */
export class StoreEngine implements StorageEngine {
  readonly #store: BlobStore;
  readonly #maxBytes: number;

  constructor(store: BlobStore, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  _handleFile(
    _request: Request,
    { stream, originalname }: Express.Multer.File,
    done: (error?: unknown, info?: Partial<UploadedFile>) => void,
  ): void {
    this.#take(stream, originalname).then(
      (stored) => done(null, { stored, size: stored.size }),
      (error: unknown) => {
        // Drains the rest of the request.
        stream.resume();
        done(error);
      },
    );
  }

  _removeFile(_request: Request, file: Express.Multer.File, done: (error: Error | null) => void): void {
    this.#store.delete((file as UploadedFile).stored.key).then(() => done(null), done);
  }

  async #take(stream: Readable, clientName: string): Promise<StoredBlob> {
    const chunks = stream.iterator({ destroyOnReturn: false });
    const head: Buffer[] = [];
    let bytes = 0;
    while (bytes < headBytes) {
      const { done, value } = await chunks.next();
      if (done) break;
      head.push(value as Buffer);
      bytes += (value as Buffer).length;
    }
    if (bytes === 0) throw new EmptyFile();
    const type = await shownType(Buffer.concat(head).subarray(0, headBytes));
    const key = newImageName(clientName, type);
    return this.#store.put(key, wholeFile(head, chunks, stream), { maxBytes: this.#maxBytes });
  }
}

async function* wholeFile(
  head: Buffer[],
  rest: AsyncIterator<unknown>,
  stream: Readable & { truncated?: boolean },
): AsyncGenerator<Uint8Array> {
  yield* head;
  for (;;) {
    const { done, value } = await rest.next();
    if (done) break;
    yield value as Uint8Array;
  }
  // The parser ends a file over the limit as if it were complete.
  if (stream.truncated) throw new StorageError('too-large', 'the upload was cut off at the limit');
}
