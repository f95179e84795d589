/**
 * PostgreSQL arrays in the binary wire format: several times cheaper than text for both ends, and the only
 * cheap way for bytes. The format is that of array_send in PostgreSQL: dimensions, null flag, element
 * type, then length and lower bound of the one dimension, then each element with its length.
 */

const HEADER = 20;
const EMPTY_HEADER = 12;

const oid = { int8: 20, int2: 21, int4: 23, bytea: 17 } as const;

function begin(type: number, count: number, elementBytes: number): Buffer {
  if (count === 0) {
    const empty = Buffer.alloc(EMPTY_HEADER);
    empty.writeInt32BE(type, 8);
    return empty;
  }
  const buffer = Buffer.allocUnsafe(HEADER + elementBytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(0, 4);
  buffer.writeInt32BE(type, 8);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}

/** int4[]; values beyond 31 bits wrap. */
export function int4Array(values: readonly number[]): Buffer {
  const buffer = begin(oid.int4, values.length, values.length * 8);
  let at = HEADER;
  for (const value of values) {
    buffer.writeInt32BE(4, at);
    buffer.writeInt32BE(value | 0, at + 4);
    at += 8;
  }
  return buffer;
}

/** int2[]; values beyond 15 bits wrap. */
export function int2Array(values: readonly number[]): Buffer {
  const buffer = begin(oid.int2, values.length, values.length * 6);
  let at = HEADER;
  for (const value of values) {
    buffer.writeInt32BE(2, at);
    buffer.writeUInt16BE(value & 0xffff, at + 4);
    at += 6;
  }
  return buffer;
}

/** int8[] out of upper and lower 32-bit halves, so that no bigint is needed. */
export function int8Array(upper: readonly number[], lower: readonly number[]): Buffer {
  const buffer = begin(oid.int8, upper.length, upper.length * 12);
  let at = HEADER;
  for (let i = 0; i < upper.length; i++) {
    buffer.writeInt32BE(8, at);
    buffer.writeInt32BE((upper[i] as number) | 0, at + 4);
    buffer.writeInt32BE((lower[i] as number) | 0, at + 8);
    at += 12;
  }
  return buffer;
}

/** bytea[] */
export function byteaArray(values: readonly Uint8Array[]): Buffer {
  let bytes = 0;
  for (const value of values) bytes += 4 + value.length;
  const buffer = begin(oid.bytea, values.length, bytes);
  let at = HEADER;
  for (const value of values) {
    buffer.writeInt32BE(value.length, at);
    buffer.set(value, at + 4);
    at += 4 + value.length;
  }
  return buffer;
}
