import { allocateAlone, copyOf, joined, zeros } from './bytes.js';
import { HEADER_LENGTH, uint16At, uint32At } from './header.js';
import type { Pdu, PduFrame } from './pdu.js';

/** Command of a heartbeat. */
const HEARTBEAT = 0x0701;

/** Bytes of the length field, which is enough to accept or refuse a frame. */
const LENGTH_FIELD = 4;

/** Minimum size of the first buffer of a fragmented frame (or the size of the frame, if smaller). */
const FIRST_ALLOCATION = 1024;

const EMPTY_BODY = zeros(0);

export type FramingErrorReason = 'length-below-header' | 'length-above-limit';

/** The stream can no longer be split into PDUs; the connection must be closed (client-behaviour.md#frame-limits). */
export class FramingError extends Error {
  override readonly name = 'FramingError';
  readonly reason: FramingErrorReason;
  /** The length the header claimed, in bytes. */
  readonly length: number;
  /** The largest length allowed, in bytes. */
  readonly limit: number;

  constructor(length: number, limit: number) {
    const below = length < HEADER_LENGTH;
    super(below ? `PDU length ${length} is below the header's` : `PDU length ${length} is above ${limit}`);
    this.reason = below ? 'length-below-header' : 'length-above-limit';
    this.length = length;
    this.limit = limit;
  }
}

/**
 * Splits a stream of bytes into PDUs, however the bytes are chunked.
 *
 * `push` a chunk, then take PDUs with `next` until it returns undefined. To pause, stop taking (and stop reading from the
 * socket): what was pushed stays, and `next` continues from there.
 *
 *     decoder.push(chunk);
 *     for (let pdu = decoder.next(); pdu; pdu = decoder.next()) handle(pdu);
 *
 * A PDU that lies entirely within a chunk is not copied: its body is a view of the chunk. A fragmented PDU is assembled
 * in a buffer that grows with the bytes received, up to the PDU's length and never above the limit. With nothing pending
 * the decoder holds no buffer. Version, flag and reserved are ignored.
 */
export class PduDecoder {
  readonly #limit: number;
  /** The current chunk; unread from `#offset` on. */
  #chunk: Buffer | undefined;
  #offset = 0;
  /** The first `#gathered` bytes of a fragmented PDU. */
  #partial: Buffer | undefined;
  #gathered = 0;
  #error: FramingError | undefined;

  /**
   * @param limit the largest length of a PDU in bytes, header included.
   * @throws RangeError when the limit is not an integer of at least 16, the header's length.
   */
  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < HEADER_LENGTH) {
      throw new RangeError(
        `the limit of a PDU must be an integer of at least ${HEADER_LENGTH}, not ${limit}`,
      );
    }
    this.#limit = limit;
  }

  /** Bytes pushed and not yet taken as PDUs; 0 between two PDUs. */
  get pendingBytes(): number {
    return this.#gathered + (this.#chunk ? this.#chunk.length - this.#offset : 0);
  }

  /**
   * Adds the next bytes of the stream. The chunk must not be changed afterwards. Ignored once a
   * FramingError was thrown.
   *
   * Take all PDUs before the next push, or stop reading after a pause: otherwise the rest of the last chunk is copied
   * together with the new one, and memory is no longer bounded by one PDU and one chunk.
   */
  push(chunk: Buffer): void {
    if (this.#error || chunk.length === 0) return;
    this.#chunk = this.#chunk ? joined(this.#chunk.subarray(this.#offset), chunk) : chunk;
    this.#offset = 0;
  }

  /**
   * Copies the rest of the last chunk. After that the chunk's memory may be reused, unless bodies of PDUs taken from it
   * are still needed.
   */
  letGo(): void {
    if (!this.#chunk) return;
    this.#chunk = copyOf(this.#chunk.subarray(this.#offset));
    this.#offset = 0;
  }

  /**
   * Takes the next PDU; undefined when more bytes are needed.
   *
   * @throws FramingError as soon as the length field of a PDU is there and is below 16 or above the limit;
   *   earlier PDUs are returned first. From then on every call throws the same error.
   */
  next(): Pdu | undefined {
    return this.#take(pduAt);
  }

  /** Like `next`; a heartbeat includes its frame, which is echoed unchanged. */
  nextOrHeartbeat(): Pdu | PduFrame | undefined {
    return this.#take(pduOrHeartbeatAt);
  }

  /** Like `next`, including the PDU's frame, for forwarding. */
  nextFrame(): PduFrame | undefined {
    return this.#take(frameAt);
  }

  #take<T>(takeAt: TakeAt<T>): T | undefined {
    if (this.#error) throw this.#error;
    const chunk = this.#chunk;
    if (!chunk) return undefined;
    if (this.#partial) return this.#continuePartial(this.#partial, chunk, takeAt);
    const start = this.#offset;
    const available = chunk.length - start;
    let allocation = LENGTH_FIELD;
    if (available >= LENGTH_FIELD) {
      const length = this.#checkedLength(chunk, start);
      const end = start + length;
      if (end <= chunk.length) {
        if (end === chunk.length) this.#chunk = undefined;
        else this.#offset = end;
        return takeAt(chunk, start, end);
      }
      allocation = Math.min(length, Math.max(FIRST_ALLOCATION, 2 * available));
    }
    // Not from the shared pool: a slow sender would keep the whole pool in memory.
    this.#partial = allocateAlone(allocation);
    this.#gather(this.#partial, chunk, available);
    return undefined;
  }

  #continuePartial<T>(partial: Buffer, chunk: Buffer, takeAt: TakeAt<T>): T | undefined {
    if (this.#gathered < LENGTH_FIELD) {
      this.#gather(partial, chunk, LENGTH_FIELD - this.#gathered);
      if (this.#gathered < LENGTH_FIELD) return undefined;
    }
    const length = this.#checkedLength(partial, 0);
    const available = this.#chunk ? chunk.length - this.#offset : 0;
    const missing = length - this.#gathered;
    const take = Math.min(missing, available);
    const whole = this.#reserve(partial, length, this.#gathered + take);
    this.#gather(whole, chunk, take);
    if (take < missing) return undefined;
    this.#partial = undefined;
    this.#gathered = 0;
    return takeAt(whole, 0, length);
  }

  /** The partial PDU's buffer with room for `needed` bytes, at most doubled, so that copying stays linear. */
  #reserve(partial: Buffer, length: number, needed: number): Buffer {
    if (needed <= partial.length) return partial;
    const larger = allocateAlone(Math.min(length, Math.max(FIRST_ALLOCATION, 2 * needed)));
    larger.set(partial.subarray(0, this.#gathered));
    this.#partial = larger;
    return larger;
  }

  /** Moves up to `count` bytes from the chunk to the partial PDU, and releases an exhausted chunk. */
  #gather(partial: Buffer, chunk: Buffer, count: number): void {
    if (count === 0) return;
    const copied = Math.min(count, chunk.length - this.#offset);
    partial.set(chunk.subarray(this.#offset, this.#offset + copied), this.#gathered);
    this.#gathered += copied;
    this.#offset += copied;
    if (this.#offset === chunk.length) this.#chunk = undefined;
  }

  #checkedLength(buf: Buffer, start: number): number {
    const length = uint32At(buf, start);
    if (length >= HEADER_LENGTH && length <= this.#limit) return length;
    this.#chunk = undefined;
    this.#partial = undefined;
    this.#gathered = 0;
    this.#error = new FramingError(length, this.#limit);
    throw this.#error;
  }
}

type TakeAt<T> = (buf: Buffer, start: number, end: number) => T;

function pduAt(buf: Buffer, start: number, end: number): Pdu {
  return {
    serviceId: uint16At(buf, start + 8),
    commandId: uint16At(buf, start + 10),
    seqNum: uint16At(buf, start + 12),
    body: bodyAt(buf, start, end),
  };
}

function pduOrHeartbeatAt(buf: Buffer, start: number, end: number): Pdu | PduFrame {
  return uint16At(buf, start + 10) === HEARTBEAT ? frameAt(buf, start, end) : pduAt(buf, start, end);
}

// An object literal instead of a spread of the Pdu, which is much slower.
function frameAt(buf: Buffer, start: number, end: number): PduFrame {
  return {
    serviceId: uint16At(buf, start + 8),
    commandId: uint16At(buf, start + 10),
    seqNum: uint16At(buf, start + 12),
    body: bodyAt(buf, start, end),
    frame: buf.subarray(start, end),
  };
}

function bodyAt(buf: Buffer, start: number, end: number): Buffer {
  const body = start + HEADER_LENGTH;
  return body === end ? EMPTY_BODY : buf.subarray(body, end);
}
