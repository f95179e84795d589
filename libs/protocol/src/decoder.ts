import { HEADER_LENGTH } from './header.js';
import type { Pdu, PduFrame } from './pdu.js';

/** Command of a heartbeat. */
const HEARTBEAT = 0x0701;

/** Bytes of the header's first field, all that is needed to accept or refuse a frame. */
const LENGTH_FIELD = 4;

/** The first buffer of a frame that comes in pieces is at least this large (or as large as the frame). */
const FIRST_ALLOCATION = 1024;

const EMPTY_BODY = Buffer.alloc(0);

export type FramingErrorReason = 'length-below-header' | 'length-above-limit';

/** The bytes cannot be cut into PDUs any more; the connection has to be closed (client-behaviour.md#frame-limits). */
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
 * Cuts a stream of bytes into PDUs, however the bytes are split into chunks.
 *
 * `push` a chunk, then take PDUs with `next` until it gives undefined. Who wants to pause just stops taking
 * (and stops reading from the socket): what was pushed stays, and `next` goes on from there.
 *
 *     decoder.push(chunk);
 *     for (let pdu = decoder.next(); pdu; pdu = decoder.next()) handle(pdu);
 *
 * A PDU that lies whole in a chunk is not copied: its body is a view of the chunk. One that comes in pieces
 * is gathered in a buffer that grows with what has really arrived, up to the PDU's length and never above
 * the limit. With nothing pending the decoder holds no buffer. Version, flag and reserved are not looked at.
 */
export class PduDecoder {
  readonly #limit: number;
  /** The chunk that PDUs are taken from, from `#offset` on. */
  #chunk: Buffer | undefined;
  #offset = 0;
  /** The beginning of a PDU that comes in pieces; `#gathered` bytes of it are there. */
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

  /** Bytes that were pushed and not yet taken as PDUs: 0 between two PDUs. */
  get pendingBytes(): number {
    return this.#gathered + (this.#chunk ? this.#chunk.length - this.#offset : 0);
  }

  /**
   * Adds the next bytes of the stream. The chunk must not be changed afterwards. Ignored once a
   * FramingError was thrown.
   *
   * Take all PDUs before the next push, or stop reading after a pause: what was left of the last chunk is
   * otherwise copied together with the new one, and the memory is no longer bounded by one PDU and one chunk.
   */
  push(chunk: Buffer): void {
    if (this.#error || chunk.length === 0) return;
    this.#chunk = this.#chunk ? Buffer.concat([this.#chunk.subarray(this.#offset), chunk]) : chunk;
    this.#offset = 0;
  }

  /**
   * Copies what is left of the last chunk. After it the chunk's memory may be used for something else, as far
   * as the bodies of the PDUs that were taken are not needed any more.
   */
  letGo(): void {
    if (!this.#chunk) return;
    this.#chunk = Buffer.from(this.#chunk.subarray(this.#offset));
    this.#offset = 0;
  }

  /**
   * Takes the next PDU; undefined when more bytes are needed.
   *
   * @throws FramingError as soon as the length field of a PDU is there and is below 16 or above the limit;
   *   the PDUs before it were given out. From then on the decoder is dead: every call throws the same error.
   */
  next(): Pdu | undefined {
    return this.#take(pduAt);
  }

  /** The same; a heartbeat has its frame, to be sent back as it came. */
  nextOrHeartbeat(): Pdu | PduFrame | undefined {
    return this.#take(pduOrHeartbeatAt);
  }

  /** The same with the PDU's frame, for whoever passes it on. */
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
    // Not from the shared pool: a slow sender would keep 8 KiB of it in memory.
    this.#partial = Buffer.allocUnsafeSlow(allocation);
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
    const larger = Buffer.allocUnsafeSlow(Math.min(length, Math.max(FIRST_ALLOCATION, 2 * needed)));
    partial.copy(larger, 0, 0, this.#gathered);
    this.#partial = larger;
    return larger;
  }

  /** Moves up to `count` bytes from the chunk to the partial PDU, and lets go of the chunk at its end. */
  #gather(partial: Buffer, chunk: Buffer, count: number): void {
    if (count === 0) return;
    const copied = chunk.copy(partial, this.#gathered, this.#offset, this.#offset + count);
    this.#gathered += copied;
    this.#offset += copied;
    if (this.#offset === chunk.length) this.#chunk = undefined;
  }

  #checkedLength(buf: Buffer, start: number): number {
    const length = buf.readUInt32BE(start);
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
    serviceId: buf.readUInt16BE(start + 8),
    commandId: buf.readUInt16BE(start + 10),
    seqNum: buf.readUInt16BE(start + 12),
    body: bodyAt(buf, start, end),
  };
}

function pduOrHeartbeatAt(buf: Buffer, start: number, end: number): Pdu | PduFrame {
  return buf.readUInt16BE(start + 10) === HEARTBEAT ? frameAt(buf, start, end) : pduAt(buf, start, end);
}

// Written out, not made of a Pdu: that costs as much again.
function frameAt(buf: Buffer, start: number, end: number): PduFrame {
  return {
    serviceId: buf.readUInt16BE(start + 8),
    commandId: buf.readUInt16BE(start + 10),
    seqNum: buf.readUInt16BE(start + 12),
    body: bodyAt(buf, start, end),
    frame: buf.subarray(start, end),
  };
}

function bodyAt(buf: Buffer, start: number, end: number): Buffer {
  const body = start + HEADER_LENGTH;
  return body === end ? EMPTY_BODY : buf.subarray(body, end);
}
