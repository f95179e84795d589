// What the codecs need from Node's Buffer. Browsers get bytes.browser.ts instead (package.json, "browser").
import protobuf from 'protobufjs/minimal.js';

type Writer = import('protobufjs/minimal.js').Writer;

/** Uninitialized memory; small buffers share a pool. */
export function allocate(length: number): Buffer {
  return Buffer.allocUnsafe(length);
}

/** Uninitialized memory that is not from the pool. */
export function allocateAlone(length: number): Buffer {
  return Buffer.allocUnsafeSlow(length);
}

export function zeros(length: number): Buffer {
  return Buffer.alloc(length);
}

export function copyOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}

export function joined(first: Uint8Array, second: Uint8Array): Buffer {
  return Buffer.concat([first, second]);
}

export function utf8Bytes(text: string): Buffer {
  return Buffer.from(text);
}

/** Decodes one character per byte; a byte above 127 becomes some non-ASCII character. */
export function asciiText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Encodes bytes as base64, in ASCII bytes. */
export function toBase64(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('base64'), 'latin1');
}

/** @param base64 valid and padded */
export function fromBase64(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

export function createWriter(): Writer {
  return new protobuf.BufferWriter();
}
