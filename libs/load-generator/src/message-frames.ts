import { Commands, encodePdu, HEADER_LENGTH, writeHeader } from '@teamtalk/protocol';
import { createPayload, Id, writeIndex, writeSeqNum, writeVarint } from './wire.js';

/** A sender's message PDU, encoded once; only the message's number and the seq_num change. */
export class MessageFrame {
  #pdu: Buffer;
  readonly #payloadOffset: number;

  constructor(
    message: { fromUserId: number; toSessionId: number; msgType: number },
    { size, run }: { size: number; run: number },
  ) {
    const msgData = createPayload(size, run);
    const createTime = Math.floor(Date.now() / 1000);
    this.#pdu = encodePdu(Commands.MsgData, { ...message, msgId: 0, createTime, msgData }, 0);
    // The text is the last field.
    this.#payloadOffset = this.#pdu.length - msgData.length;
  }

  /** @param inUse whether the bytes returned last are still waiting to be sent */
  next(index: number, seqNum: number, inUse: boolean): Buffer {
    if (inUse) this.#pdu = Buffer.from(this.#pdu);
    writeSeqNum(this.#pdu, seqNum);
    writeIndex(this.#pdu, this.#payloadOffset, index);
    return this.#pdu;
  }
}

export type ReceiptMode = 'received' | 'read' | 'both' | 'none';

const readAck = 0x0303;
/** Bytes of a receipt at most: header, and four fields of up to 32 bits. */
const receiptBytes = HEADER_LENGTH + 4 * 6;
const bufferBytes = 64 * 1024;

/** Collects the receipts for the messages of one read, for one write. */
export class Receipts {
  readonly #commands: readonly number[];
  #buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #length = 0;

  constructor(mode: ReceiptMode) {
    this.#commands = {
      received: [Id.MessageAck],
      read: [readAck],
      both: [Id.MessageAck, readAck],
      none: [],
    }[mode];
  }

  add(userId: number, sessionId: number, msgId: number, sessionType: number): void {
    for (const commandId of this.#commands) {
      const start = this.#length;
      if (start + receiptBytes > this.#buffer.length) this.#grow();
      const buf = this.#buffer;
      let at = start + HEADER_LENGTH;
      buf[at++] = 0x08;
      at = writeVarint(buf, at, userId);
      buf[at++] = 0x10;
      at = writeVarint(buf, at, sessionId);
      buf[at++] = 0x18;
      at = writeVarint(buf, at, msgId);
      buf[at++] = 0x20;
      buf[at++] = sessionType;
      writeHeader(buf, { length: at - start, commandId, seqNum: 0 }, start);
      this.#length = at;
    }
  }

  /** Takes the collected bytes; undefined when there are none. */
  take(): Buffer | undefined {
    if (this.#length === 0) return undefined;
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  /** Leaves the bytes taken last to the socket, which is still sending them, and continues in another buffer. */
  leave(): void {
    this.#buffer = Buffer.allocUnsafeSlow(bufferBytes);
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(this.#buffer.length * 2);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
