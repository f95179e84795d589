import protobuf, { type Writer } from 'protobufjs/minimal.js';

/** A buffer that grew beyond this is dropped, bytes; about twice NATS's own limit for an event. */
const maxBufferBytes = 2 * 1024 * 1024;
// One writer for all: encoding is synchronous, so it never holds two events at once. Its buffer keeps the size of the
// largest event; a new buffer would grow by doubling and copying each time.
const writer = new protobuf.BufferWriter();
let buffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);

/** @returns bytes owned by the caller */
export function encode<In>(type: { encode(message: In, writer: Writer): Writer }, message: In): Uint8Array {
  writer.buf = buffer;
  writer.pos = 0;
  writer.states = null;
  writer.view = null;
  type.encode(message, writer);
  const grown = writer.buf as Buffer;
  if (grown.length <= maxBufferBytes) buffer = grown;
  return writer.finish();
}
