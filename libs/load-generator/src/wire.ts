/** Command ids the load generator knows, as numbers for its inner loops. */
export const Id = {
  LoginAnswer: 0x0104,
  Kick: 0x0107,
  Users: 0x0209,
  StatusNotify: 0x0203,
  Message: 0x0301,
  MessageAck: 0x0302,
  UnreadAnswer: 0x0308,
  HistoryAnswer: 0x030a,
  GroupCreated: 0x0406,
  Heartbeat: 0x0701,
} as const;

const alphabetMask = 63;
/** Six bits a character, from `@` on: ASCII, and nothing a text column would refuse. */
const alphabetBase = 64;
/** Characters of a number of 30 bits. */
const numberLength = 5;
const magic = Buffer.from('TTB1');
const runOffset = magic.length;
const indexOffset = runOffset + numberLength;

/** Bytes of the shortest text that identifies its message. */
const leastPayload = indexOffset + numberLength;

/** The largest run id and message number, exclusive. */
export const numberLimit = 2 ** 30;

function writeNumber(buf: Uint8Array, offset: number, value: number): void {
  for (let i = 0; i < numberLength; i++) buf[offset + i] = alphabetBase + ((value >> (6 * i)) & alphabetMask);
}

function readNumber(buf: Uint8Array, offset: number): number {
  let value = 0;
  for (let i = numberLength - 1; i >= 0; i--)
    value = (value << 6) | ((buf[offset + i]! - alphabetBase) & alphabetMask);
  return value;
}

/** A message text of `size` bytes of run `run`; its number is written by `writeIndex`. */
export function createPayload(size: number, run: number): Buffer {
  const payload = Buffer.alloc(Math.max(size, leastPayload), 'x');
  magic.copy(payload);
  writeNumber(payload, runOffset, run);
  writeNumber(payload, indexOffset, 0);
  return payload;
}

/** @param offset where the text begins in `buf` */
export function writeIndex(buf: Uint8Array, offset: number, index: number): void {
  writeNumber(buf, offset + indexOffset, index);
}

/** The number of a message text of run `run`, -1 when it is none. */
export function readIndex(buf: Uint8Array, offset: number, end: number, run: number): number {
  if (end - offset < leastPayload) return -1;
  for (let i = 0; i < magic.length; i++) if (buf[offset + i] !== magic[i]) return -1;
  return readNumber(buf, offset + runOffset) === run ? readNumber(buf, offset + indexOffset) : -1;
}

export function writeSeqNum(pdu: Uint8Array, seqNum: number): void {
  pdu[12] = seqNum >>> 8;
  pdu[13] = seqNum;
}

/** Writes a varint. @returns the offset behind it */
export function writeVarint(buf: Uint8Array, offset: number, value: number): number {
  let rest = value;
  let at = offset;
  while (rest >= 128) {
    buf[at++] = (rest & 127) | 128;
    rest = Math.floor(rest / 128);
  }
  buf[at++] = rest;
  return at;
}

/**
 * Reads the fields of a protobuf body one after the other, without making objects. Reading is synchronous: one serves
 * all.
 */
class FieldReader {
  /** Of the field last read. */
  number = 0;
  /** of a varint field, as far as it fits 32 bits, unsigned */
  value = 0;
  /** where the bytes of a length-delimited field begin and end */
  start = 0;
  end = 0;
  #buf: Uint8Array = Buffer.alloc(0);
  #at = 0;
  #limit = 0;

  reset(buf: Uint8Array, start: number, end: number): void {
    this.#buf = buf;
    this.#at = start;
    this.#limit = end;
  }

  /** Goes to the next field; false at the end. Groups and fixed-width fields do not occur. */
  next(): boolean {
    if (this.#at >= this.#limit) return false;
    const key = this.#varint();
    this.number = key >>> 3;
    this.value = this.#varint();
    if ((key & 7) === 2) {
      this.start = this.#at;
      this.end = this.#at + this.value;
      this.#at = this.end;
    }
    return true;
  }

  #varint(): number {
    const buf = this.#buf;
    let byte = buf[this.#at++]!;
    let value = byte & 127;
    for (let shift = 7; byte >= 128 && this.#at < this.#limit; shift += 7) {
      byte = buf[this.#at++]!;
      if (shift < 32) value |= (byte & 127) << shift;
    }
    return value >>> 0;
  }
}

const fields = new FieldReader();

/** Reads received messages (0x0301) without an object for each. Reading is synchronous: one serves all. */
export class MessageReader {
  fromUserId = 0;
  toSessionId = 0;
  msgId = 0;
  msgType = 0;
  /** where its text begins and ends in the buffer that was read */
  textStart = 0;
  textEnd = 0;

  /** @param start of the PDU's body in `buf` */
  read(buf: Uint8Array, start: number, end: number): void {
    this.fromUserId = this.toSessionId = this.msgId = this.msgType = this.textStart = this.textEnd = 0;
    fields.reset(buf, start, end);
    while (fields.next()) {
      const { number } = fields;
      if (number === 1) this.fromUserId = fields.value;
      else if (number === 2) this.toSessionId = fields.value;
      else if (number === 3) this.msgId = fields.value;
      else if (number === 5) this.msgType = fields.value;
      else if (number === 6) {
        this.textStart = fields.start;
        this.textEnd = fields.end;
      }
    }
  }
}

/** The `msg_id` of an ack (0x0302); 0 when it has none. */
export function readAck(buf: Uint8Array, start: number, end: number): number {
  let msgId = 0;
  fields.reset(buf, start, end);
  while (fields.next()) if (fields.number === 3) msgId = fields.value;
  return msgId;
}
