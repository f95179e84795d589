import protobuf from 'protobufjs/minimal.js';
import type { Command } from './command.js';
import { HEADER_LENGTH, writeHeader } from './header.js';

/** A received PDU, without what nobody looks at: version, flag, reserved (client-behaviour.md#pdu-header). */
export interface Pdu {
  serviceId: number;
  commandId: number;
  seqNum: number;
  /**
   * The protobuf body. It may be a view of a larger buffer: copy what is kept for long, or the whole
   * buffer stays in memory. The same goes for the `bytes` fields of a message decoded from it.
   */
  body: Buffer;
}

/** A received PDU with all its bytes. */
export interface PduFrame extends Pdu {
  /**
   * Header and body, as they came. The same is to be said of keeping them as of `body`.
   */
  frame: Buffer;
}

/** Why a body could not be decoded; `cause` has the decoder's own error. */
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
 * @throws BodyError when the bytes do not parse, or a required field is missing or has an enum value the
 *   schema does not know.
 */
export function decodeBody<M extends object>(command: Command<M, never>, body: Uint8Array): M {
  try {
    return command.type.decode(body);
  } catch (error) {
    throw new BodyError(command, error);
  }
}

// One writer for all: encoding is synchronous, so no two messages can be in it at once. PDUs are written one behind
// the other into a slab, and are views of it; it lives as long as the last of them.
const SLAB_LENGTH = 16_384;
/** With less left of it, a slab is not begun upon: most PDUs are smaller. */
const SLAB_RESERVE = 512;
const writer = new protobuf.BufferWriter();
let slab = Buffer.allocUnsafeSlow(SLAB_LENGTH);
let slabUsed = 0;

/**
 * Encodes a whole PDU, header included. The buffer is the caller's; it may be written to any number of
 * sockets. Values are not checked beyond their types: a required number that is missing all the same is
 * written as 0.
 *
 * @param seqNum of the request when this answers one, otherwise 0 (client-behaviour.md#sequence-numbers);
 *   cut to 16 bits.
 * @throws TypeError when a required string or bytes field is missing, which the types do not let happen.
 */
export function encodePdu<P extends object>(
  command: Command<object, P>,
  message: NoInfer<P>,
  seqNum: number,
): Buffer {
  if (slabUsed > SLAB_LENGTH - SLAB_RESERVE) {
    slab = Buffer.allocUnsafeSlow(SLAB_LENGTH);
    slabUsed = 0;
  }
  const start = slabUsed;
  // The header's room comes first, so that the body is written right where it stays.
  writer.buf = slab;
  writer.pos = start + HEADER_LENGTH;
  writer.states = null;
  writer.view = null;
  command.type.encode(message, writer);
  const length = writer.pos - start;
  // A large body made the writer move to a buffer of its own, with what was before it: that is handed out as it is.
  const pdu = (writer.buf as Buffer).subarray(start, writer.pos);
  if (writer.buf === slab) slabUsed = writer.pos;
  writeHeader(pdu, { length, commandId: command.id, seqNum });
  return pdu;
}

/**
 * Encodes a PDU whose body is bytes already, also one of a command the table does not have.
 *
 * @param seqNum as with `encodePdu`.
 */
export function encodeRawPdu(commandId: number, body: Uint8Array, seqNum: number): Buffer {
  const length = HEADER_LENGTH + body.length;
  const pdu = Buffer.allocUnsafe(length);
  pdu.set(body, HEADER_LENGTH);
  writeHeader(pdu, { length, commandId, seqNum });
  return pdu;
}

/**
 * The beginning of a PDU whose body goes on in buffers of its own: header and `body`, to be written right before these.
 *
 * @param more bytes of the body that follow.
 * @param seqNum as with `encodePdu`.
 */
export function encodePduStart(commandId: number, body: Uint8Array, more: number, seqNum: number): Buffer {
  const start = encodeRawPdu(commandId, body, seqNum);
  writeHeader(start, { length: start.length + more, commandId, seqNum });
  return start;
}

/** A copy of an encoded PDU that bears another sequence number; the given one stays as it is. */
export function withSeqNum(pdu: Uint8Array, seqNum: number): Buffer {
  const copy = Buffer.from(pdu);
  copy.writeUInt16BE(seqNum & 0xffff, 12);
  return copy;
}
