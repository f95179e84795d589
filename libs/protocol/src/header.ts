// The 16-byte header in front of every PDU (client-behaviour.md#pdu-header).

/** Bytes of a PDU header. */
export const HEADER_LENGTH = 16;

/** The version servers send. A client's version is never checked. */
export const VERSION = 1;

/** Default maximum length of a PDU on msg_server, bytes (client-behaviour.md#frame-limits). */
export const MSG_SERVER_FRAME_LIMIT = 1024 * 1024;

/** Default maximum length of a PDU on file_server, bytes (client-behaviour.md#frame-limits). */
export const FILE_SERVER_FRAME_LIMIT = 256 * 1024;

/** The largest PDU an Android client accepts, in bytes (client-behaviour.md#frame-limits). */
export const ANDROID_FRAME_LIMIT = 400 * 1024;

/** A PDU header. Every field but `length` is an unsigned 16-bit number. */
export interface PduHeader {
  /** Bytes of the whole PDU, header included; unsigned 32-bit. */
  length: number;
  version: number;
  flag: number;
  serviceId: number;
  commandId: number;
  seqNum: number;
  reserved: number;
}

/** Input for writing a header; other fields default to what servers send. */
export type HeaderFields = Pick<PduHeader, 'length' | 'commandId' | 'seqNum'> & Partial<PduHeader>;

/** Whether a WebSocket message is exactly one PDU, according to the length in its header. */
export function isOnePdu(message: Uint8Array): boolean {
  return message.length >= HEADER_LENGTH && uint32At(message, 0) === message.length;
}

/**
 * Reads the header at `offset` without validating any field.
 *
 * @throws RangeError when fewer than 16 bytes are left
 */
export function readHeader(buf: Uint8Array, offset = 0): PduHeader {
  if (offset < 0 || buf.length - offset < HEADER_LENGTH) {
    throw new RangeError(`a PDU header is ${HEADER_LENGTH} bytes, only ${buf.length - offset} are there`);
  }
  const view = new DataView(buf.buffer, buf.byteOffset + offset, HEADER_LENGTH);
  return {
    length: view.getUint32(0),
    version: view.getUint16(4),
    flag: view.getUint16(6),
    serviceId: view.getUint16(8),
    commandId: view.getUint16(10),
    seqNum: view.getUint16(12),
    reserved: view.getUint16(14),
  };
}

/**
 * Writes a header at `offset`. By default `serviceId` is the command id's high byte, `version` is 1, `flag` and
 * `reserved` are 0. Numbers are truncated to their field's width.
 *
 * @throws RangeError when `buf` has no room for 16 bytes there
 */
export function writeHeader(buf: Uint8Array, header: HeaderFields, offset = 0): void {
  if (offset < 0 || buf.length - offset < HEADER_LENGTH) {
    throw new RangeError(`no room for a PDU header of ${HEADER_LENGTH} bytes at ${offset} of ${buf.length}`);
  }
  const { length, commandId } = header;
  writeUint32(buf, offset, length);
  writeUint16(buf, offset + 4, header.version ?? VERSION);
  writeUint16(buf, offset + 6, header.flag ?? 0);
  writeUint16(buf, offset + 8, header.serviceId ?? commandId >>> 8);
  writeUint16(buf, offset + 10, commandId);
  writeUint16(buf, offset + 12, header.seqNum);
  writeUint16(buf, offset + 14, header.reserved ?? 0);
}

export function writeUint16(buf: Uint8Array, offset: number, value: number): void {
  buf[offset] = value >>> 8;
  buf[offset + 1] = value;
}

/** Reads a big-endian 16-bit number; the caller has checked the bounds. */
export function uint16At(buf: Uint8Array, offset: number): number {
  return (buf[offset]! << 8) | buf[offset + 1]!;
}

/** Reads a big-endian 32-bit number; the caller has checked the bounds. */
export function uint32At(buf: Uint8Array, offset: number): number {
  return ((uint16At(buf, offset) << 16) | uint16At(buf, offset + 2)) >>> 0;
}

export function writeUint32(buf: Uint8Array, offset: number, value: number): void {
  writeUint16(buf, offset, value >>> 16);
  writeUint16(buf, offset + 2, value);
}
