import { allocate, allocateAlone, copyOf, createWriter } from './bytes.js';
import type { Command } from './command.js';
import { HEADER_LENGTH, writeHeader, writeUint16 } from './header.js';

/** A received PDU, without the unused header fields version, flag and reserved (client-behaviour.md#pdu-header). */
export interface Pdu {
  serviceId: number;
  commandId: number;
  seqNum: number;
  /**
   * The protobuf body. It may be a view of a larger buffer: copy what must be kept for long, or the whole buffer stays in
   * memory. The same holds for the `bytes` fields of a message decoded from it.
   */
  body: Buffer;
}

/** A received PDU with its complete frame. */
export interface PduFrame extends Pdu {
  /**
   * Header and body as received. Like `body`, it may be a view of a larger buffer.
   */
  frame: Buffer;
}

/** A body could not be decoded; `cause` is the decoder's error. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly commandId: number;

  constructor(command: { id: number; message: string }, cause: unknown) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    super(`not an ${command.message}: ${detail}`, { cause });
    this.commandId = command.id;
  }
}

/**
 * Decodes a PDU's body. Fields the schema does not know are skipped.
 *
 * @throws BodyError when the bytes do not parse, or a required field is missing or has an enum value the schema does
 *   not know
 */
export function decodeBody<M extends object>(command: Command<M, never>, body: Uint8Array): M {
  try {
    return command.type.decode(body);
  } catch (error) {
    throw new BodyError(command, error);
  }
}

// One writer for all: encoding is synchronous, so it never holds two messages at once. PDUs are views of a slab, which
// stays in memory as long as any of them.
const SLAB_LENGTH = 16_384;
/** With less room left, a new slab is started; most PDUs are smaller than this. */
const SLAB_RESERVE = 512;
const writer = createWriter();
let slab = allocateAlone(SLAB_LENGTH);
let slabUsed = 0;

/**
 * Encodes a whole PDU, header included. The caller owns the buffer and may write it to any number of sockets. Values are
 * not checked beyond their types: a missing required number is written as 0.
 *
 * @param seqNum of the request when this answers one, otherwise 0 (client-behaviour.md#sequence-numbers);
 *   truncated to 16 bits
 * @throws TypeError when a required string or bytes field is missing, which the types prevent
 */
export function encodePdu<P extends object>(
  command: Command<object, P>,
  message: NoInfer<P>,
  seqNum: number,
): Buffer {
  if (slabUsed > SLAB_LENGTH - SLAB_RESERVE) {
    slab = allocateAlone(SLAB_LENGTH);
    slabUsed = 0;
  }
  const start = slabUsed;
  // Reserves room for the header first, so that the body is not moved afterwards.
  writer.buf = slab;
  writer.pos = start + HEADER_LENGTH;
  writer.states = null;
  writer.view = null;
  command.type.encode(message, writer);
  const length = writer.pos - start;
  // A large body made the writer switch to a new buffer, which is returned as it is.
  const pdu = (writer.buf as Buffer).subarray(start, writer.pos);
  if (writer.buf === slab) slabUsed = writer.pos;
  writeHeader(pdu, { length, commandId: command.id, seqNum });
  return pdu;
}

/**
 * Encodes a PDU from an encoded body, also for a command the table does not have.
 *
 * @param seqNum as with `encodePdu`.
 */
export function encodeRawPdu(commandId: number, body: Uint8Array, seqNum: number): Buffer {
  const length = HEADER_LENGTH + body.length;
  const pdu = allocate(length);
  pdu.set(body, HEADER_LENGTH);
  writeHeader(pdu, { length, commandId, seqNum });
  return pdu;
}

/**
 * The beginning of a PDU whose body continues in other buffers: header and `body`, to be written right before these.
 *
 * @param more bytes of the body in the other buffers
 * @param seqNum as with `encodePdu`.
 */
export function encodePduStart(commandId: number, body: Uint8Array, more: number, seqNum: number): Buffer {
  const start = encodeRawPdu(commandId, body, seqNum);
  writeHeader(start, { length: start.length + more, commandId, seqNum });
  return start;
}

/** A copy of an encoded PDU with another sequence number; the original is not changed. */
export function withSeqNum(pdu: Uint8Array, seqNum: number): Buffer {
  const copy = copyOf(pdu);
  writeUint16(copy, 12, seqNum);
  return copy;
}
