/**
 * PostgreSQL arrays in the binary wire format, which is cheaper than text for both ends, above all for bytes. The format
 * is that of PostgreSQL's array_send: dimensions, null flag, element type, then length and lower bound of the dimension,
 * then each element with its length.
 *
 * Each function takes items and an accessor, so that no intermediate array is allocated.
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

/** A DataView, because the Buffer's own methods reject values out of range instead of wrapping them. */
function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** int4[]; values beyond 31 bits wrap. */
export function int4Array<T>(items: readonly T[], numberOf: (item: T) => number): Buffer {
  const buffer = begin(oid.int4, items.length, items.length * 8);
  const view = viewOf(buffer);
  let at = HEADER;
  for (const item of items) {
    view.setInt32(at, 4);
    view.setInt32(at + 4, numberOf(item));
    at += 8;
  }
  return buffer;
}

/** int2[]; values beyond 15 bits wrap. */
export function int2Array<T>(items: readonly T[], numberOf: (item: T) => number): Buffer {
  const buffer = begin(oid.int2, items.length, items.length * 6);
  const view = viewOf(buffer);
  let at = HEADER;
  for (const item of items) {
    view.setInt32(at, 2);
    view.setInt16(at + 4, numberOf(item));
    at += 6;
  }
  return buffer;
}

/** int8[] from upper and lower 32-bit halves, which avoids bigint. */
export function int8Array<T>(
  items: readonly T[],
  upperOf: (item: T) => number,
  lowerOf: (item: T) => number,
): Buffer {
  const buffer = begin(oid.int8, items.length, items.length * 12);
  const view = viewOf(buffer);
  let at = HEADER;
  for (const item of items) {
    view.setInt32(at, 8);
    view.setInt32(at + 4, upperOf(item));
    view.setInt32(at + 8, lowerOf(item));
    at += 12;
  }
  return buffer;
}

/** bytea[] */
export function byteaArray<T>(items: readonly T[], bytesOf: (item: T) => Uint8Array): Buffer {
  let bytes = 0;
  for (const item of items) bytes += 4 + bytesOf(item).length;
  const buffer = begin(oid.bytea, items.length, bytes);
  const view = viewOf(buffer);
  let at = HEADER;
  for (const item of items) {
    const value = bytesOf(item);
    view.setInt32(at, value.length);
    buffer.set(value, at + 4);
    at += 4 + value.length;
  }
  return buffer;
}
