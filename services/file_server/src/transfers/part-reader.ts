import type { BlobStore } from '@teamtalk/blob-store';
import type { Part } from '../tasks/task-store.js';
import { blockBytes } from './participant.js';
import type { ReadAhead } from './read-ahead.js';
import { readPart } from './stored-parts.js';

/** Bytes read at once: one block for slow receivers, so that many of them take little memory. */
const leastBytes = blockBytes;
const mostBytes = 8 * blockBytes;
/** Target duration of the read-ahead, milliseconds. */
const aheadMs = 100;
const nothing = Buffer.alloc(0);

/**
 * Reads a file stored in parts: fast sequentially, but possible from any offset. The part a reader begins in, and all that
 * it reads from their beginning, are checked against their SHA-256. The faster blocks are taken, the more is read at once.
 */
export class PartReader {
  readonly #store: BlobStore;
  readonly #parts: readonly Part[];
  readonly #readAhead: ReadAhead;
  #chunks: AsyncGenerator<Buffer> | undefined;
  /** Bytes read and not yet returned, and their offset in the file. */
  #rest: Buffer = nothing;
  #position = -1;
  #closed = false;
  #pieceBytes = leastBytes;
  #readAt = Number.NEGATIVE_INFINITY;
  /** Size of the piece that `#rest` belongs to, or of the one being read. */
  #held = 0;

  constructor(store: BlobStore, parts: readonly Part[], readAhead: ReadAhead) {
    this.#store = store;
    this.#parts = parts;
    this.#readAhead = readAhead;
  }

  /**
   * @param size bytes; must be within the file
   * @throws DamagedPart; StorageError when the store does not work
   */
  async read(offset: number, size: number): Promise<Buffer> {
    if (offset !== this.#position) await this.#seek(offset);
    const pieces: Buffer[] = [];
    for (let missing = size; missing > 0; ) {
      if (this.#rest.length === 0) await this.#refill();
      const piece = this.#rest.subarray(0, missing);
      if (piece.length < this.#rest.length) this.#rest = this.#rest.subarray(piece.length);
      else this.#hold(nothing);
      this.#position += piece.length;
      missing -= piece.length;
      pieces.push(piece);
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, size);
  }

  /** Closes what is open. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#hold(nothing);
    await this.#chunks?.return(undefined);
  }

  readonly #nextBytes = (): number => {
    const now = performance.now();
    const soon = now - this.#readAt < aheadMs;
    this.#readAt = now;
    this.#pieceBytes = soon
      ? Math.min(2 * this.#pieceBytes, mostBytes)
      : Math.max(this.#pieceBytes / 2, leastBytes);
    if (!this.#readAhead.hasRoomFor(this.#pieceBytes)) this.#pieceBytes = leastBytes;
    this.#count(this.#pieceBytes);
    return this.#pieceBytes;
  };

  /** Not an empty view of a piece, which would retain the whole piece. */
  #hold(piece: Buffer): void {
    this.#count(piece.length);
    this.#rest = piece;
  }

  #count(bytes: number): void {
    this.#readAhead.change(bytes - this.#held);
    this.#held = bytes;
  }

  async #refill(): Promise<void> {
    for (;;) {
      const next = this.#closed ? undefined : await this.#chunks?.next();
      if (this.#closed) throw new Error('the reader is closed');
      if (next && !next.done) {
        this.#hold(next.value);
        return;
      }
      this.#chunks = readPart(this.#store, this.#partAt(this.#position), this.#nextBytes);
    }
  }

  async #seek(offset: number): Promise<void> {
    const first = this.#position < 0;
    await this.#chunks?.return(undefined);
    this.#hold(nothing);
    this.#chunks = undefined;
    this.#position = offset;
    if (this.#parts.length === 0) return;
    const part = this.#partAt(offset);
    // Only once: for a client that seeks a lot, each block would require reading a whole part.
    const from = first ? part.start : offset;
    this.#chunks = readPart(this.#store, part, this.#nextBytes, from);
    for (let skip = offset - from; skip > 0; ) {
      await this.#refill();
      const skipped = Math.min(skip, this.#rest.length);
      this.#rest = this.#rest.subarray(skipped);
      skip -= skipped;
    }
  }

  #partAt(offset: number): Part {
    const part = this.#parts.find(({ start, size }) => offset >= start && offset < start + size);
    if (!part) throw new RangeError(`no part holds byte ${offset}`);
    return part;
  }
}
