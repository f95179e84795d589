/** Wire types of protobuf. */
const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;

/** A repeated field of a message. */
export interface ListField {
  /** number of the field */
  field: number;
  /** whether its entries are numbers, which a client may pack */
  isNumbers: boolean;
}

/**
 * A body whose repeated field has at most `max` entries, the first ones; all else stays. It reads only tags and lengths,
 * so that a list of any length costs a fraction of decoding it.
 *
 * @returns `body` itself when it has no more entries, and when it is not well-formed, as decoding it then finds
 */
export function limitList(body: Uint8Array, { field, isNumbers }: ListField, max: number): Uint8Array {
  // An entry takes a byte at least.
  if (body.length <= max) return body;
  const reader = new FieldReader(body);
  let out: Buffer | undefined;
  let length = 0;
  let count = 0;
  while (reader.next()) {
    const { start, end, contentStart } = reader;
    let keptEnd = end;
    let isCut = false;
    if (reader.field === field) {
      if (isNumbers && reader.wireType === delimited) {
        const room = max - count;
        const packed = countVarints(body, contentStart, end, room);
        count += packed.count;
        isCut = packed.isMore;
        keptEnd = packed.end;
      } else {
        isCut = count >= max;
        if (!isCut) count++;
      }
    }
    if (isCut && !out) {
      out = Buffer.allocUnsafe(body.length);
      out.set(body.subarray(0, start));
      length = start;
    }
    if (!out) continue;
    if (!isCut) {
      for (let i = start; i < end; i++) out[length++] = body[i]!;
    } else if (keptEnd > contentStart && keptEnd < end) {
      length = writeVarint(out, length, (field << 3) | delimited);
      length = writeVarint(out, length, keptEnd - contentStart);
      for (let i = contentStart; i < keptEnd; i++) out[length++] = body[i]!;
    }
  }
  return out && reader.isWellFormed ? out.subarray(0, length) : body;
}

/** Walks the fields of a message. */
class FieldReader {
  readonly #bytes: Uint8Array;
  field = 0;
  wireType = 0;
  /** where the field begins, where what follows its tag and length does, and where it ends */
  start = 0;
  contentStart = 0;
  end = 0;
  isWellFormed = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @returns false at the end, or where it is not well-formed */
  next(): boolean {
    const bytes = this.#bytes;
    this.start = this.end;
    if (this.start === bytes.length) return false;
    const tag = this.#varint();
    this.field = tag >>> 3;
    this.wireType = tag & 7;
    if (this.wireType === delimited) {
      const length = this.#varint();
      this.contentStart = this.end;
      this.end += length;
    } else {
      this.contentStart = this.end;
      if (this.wireType === varint) this.#varint();
      else if (this.wireType === fixed64) this.end += 8;
      else if (this.wireType === fixed32) this.end += 4;
      else this.isWellFormed = false;
    }
    if (this.end > bytes.length) this.isWellFormed = false;
    return this.isWellFormed;
  }

  /** Its low 32 bits. */
  #varint(): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[this.end++];
      if (byte === undefined) break;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    this.isWellFormed = false;
    return 0;
  }
}

/** @returns how many of the varints up to `max`, where the last of them ends, and whether there are more */
function countVarints(
  bytes: Uint8Array,
  start: number,
  end: number,
  max: number,
): { count: number; end: number; isMore: boolean } {
  let count = 0;
  let at = start;
  let last = start;
  while (at < end && count < max) {
    if (bytes[at++]! < 0x80) {
      count++;
      last = at;
    }
  }
  return { count, end: last, isMore: last < end };
}

function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest > 0x7f) {
    out[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[next++] = rest;
  return next;
}
