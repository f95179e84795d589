import protobuf from 'protobufjs/minimal.js';
import type { Command } from './command.js';
import { HEADER_LENGTH, writeHeader } from './header.js';

/** A received PDU, without what nobody looks at: version, flag, reserved (protocol notes, section 1). */
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

// One writer for all: encoding is synchronous, so no two messages can be in it at once.
const SCRATCH_LENGTH = 8192;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_LENGTH);
const writer = new protobuf.BufferWriter();

/**
 * Encodes a whole PDU, header included. The buffer is the caller's; it may be written to any number of
 * sockets. Values are not checked beyond their types: a required number that is missing all the same is
 * written as 0.
 *
 * @param seqNum of the request when this answers one, otherwise 0 (protocol notes, sections 1 and 12);
 *   cut to 16 bits.
 * @throws TypeError when a required string or bytes field is missing, which the types do not let happen.
 */
export function encodePdu<P extends object>(
  command: Command<object, P>,
  message: NoInfer<P>,
  seqNum: number,
): Buffer {
  // The header's room comes first, so that the body is written right where it stays.
  writer.buf = scratch;
  writer.pos = HEADER_LENGTH;
  writer.states = null;
  writer.view = null;
  command.type.encode(message, writer);
  const length = writer.pos;
  let pdu = writer.buf as Buffer;
  if (pdu === scratch) {
    pdu = Buffer.allocUnsafe(length);
    scratch.copy(pdu, HEADER_LENGTH, HEADER_LENGTH, length);
  } else {
    // A large body made the writer move to a buffer of its own: hand that out as it is.
    pdu = pdu.subarray(0, length);
  }
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

/** A copy of an encoded PDU that bears another sequence number; the given one stays as it is. */
export function withSeqNum(pdu: Uint8Array, seqNum: number): Buffer {
  const copy = Buffer.from(pdu);
  copy.writeUInt16BE(seqNum & 0xffff, 12);
  return copy;
}
