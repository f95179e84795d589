import protobuf, { type Writer } from 'protobufjs/minimal.js';

/** A buffer that had to grow beyond this is not kept, bytes: some twice as large as NATS' own limit for an event. */
const maxKept = 2 * 1024 * 1024;
// One writer for all: encoding is synchronous, so no two events can be in it at once. Its buffer stays as large as
// the largest event made it; a new one grows from a few bytes by doubling and copying, which costs more than encoding.
const writer = new protobuf.BufferWriter();
let kept: Buffer = Buffer.allocUnsafeSlow(64 * 1024);

/** @returns bytes that are the caller's */
export function encode<In>(type: { encode(message: In, writer: Writer): Writer }, message: In): Uint8Array {
  writer.buf = kept;
  writer.pos = 0;
  writer.states = null;
  writer.view = null;
  type.encode(message, writer);
  const grown = writer.buf as Buffer;
  if (grown.length <= maxKept) kept = grown;
  return writer.finish();
}
