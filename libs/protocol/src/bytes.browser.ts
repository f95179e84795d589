// bytes.ts without Node's Buffer.
import protobuf from 'protobufjs/minimal.js';

type Writer = import('protobufjs/minimal.js').Writer;

export function allocate(length: number): Uint8Array {
  return new Uint8Array(length);
}

export function allocateAlone(length: number): Uint8Array {
  return new Uint8Array(length);
}

export function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}

export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

export function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

export function utf8Bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function asciiText(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

export function toBase64(bytes: Uint8Array): Uint8Array {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return utf8Bytes(btoa(binary));
}

export function fromBase64(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export function createWriter(): Writer {
  return new protobuf.Writer();
}
