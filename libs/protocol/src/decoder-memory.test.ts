import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { PduDecoder } from './decoder.js';
import { encodeRawPdu } from './pdu.js';

const MIB = 1024 * 1024;
const CONNECTIONS = 1000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function bufferBytes(): number {
  // Twice: the first run may leave freed buffers to be swept in the background.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

function decoders(): PduDecoder[] {
  return Array.from({ length: CONNECTIONS }, () => new PduDecoder(MIB));
}

/** A chunk with its own memory, as sockets provide them. */
function chunkOf(...pdus: Buffer[]): Buffer {
  const bytes = Buffer.concat(pdus);
  const chunk = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(chunk);
  return chunk;
}

const small = encodeRawPdu(0x0301, Buffer.alloc(100), 1);
const large = encodeRawPdu(0x0301, Buffer.alloc(MIB - 16), 2);

describe('the memory of decoders', () => {
  it('is none between two PDUs, fragmented or not', () => {
    const all = decoders();
    const before = bufferBytes();
    const filler = encodeRawPdu(0x0301, Buffer.alloc(8000), 1);
    for (const decoder of all) {
      decoder.push(chunkOf(filler, small.subarray(0, 50)));
      expect(decoder.next()).toBeDefined();
      expect(decoder.next()).toBeUndefined();
      decoder.push(chunkOf(small.subarray(50), filler));
      expect(decoder.next()).toBeDefined();
      expect(decoder.next()).toBeDefined();
      expect(decoder.next()).toBeUndefined();
      decoder.push(chunkOf(filler.subarray(0, 4000)));
      expect(decoder.next()).toBeUndefined();
      decoder.push(chunkOf(filler.subarray(4000)));
      expect(decoder.next()).toBeDefined();
    }
    expect(bufferBytes() - before).toBeLessThan(MIB / 4);
    expect(all.every(({ pendingBytes }) => pendingBytes === 0)).toBe(true);
  });

  it('is not allocated for a length that a header merely announces', () => {
    const all = decoders();
    const before = bufferBytes();
    for (const decoder of all) {
      decoder.push(chunkOf(large.subarray(0, 20)));
      expect(decoder.next()).toBeUndefined();
    }
    expect(bufferBytes() - before).toBeLessThan(2 * CONNECTIONS * 1024);
    expect(all.every(({ pendingBytes }) => pendingBytes === 20)).toBe(true);
  });

  it('is at most one PDU while one trickles in', () => {
    const decoder = new PduDecoder(MIB);
    const before = bufferBytes();
    let received = 0;
    for (let at = 0; at + 4096 < large.length; at += 4096) {
      decoder.push(chunkOf(large.subarray(at, at + 4096)));
      expect(decoder.next()).toBeUndefined();
      received += 4096;
    }
    expect(decoder.pendingBytes).toBe(received);
    expect(bufferBytes() - before).toBeLessThan(MIB + 64 * 1024);
  });
});

it('is not copied repeatedly while a PDU trickles in', () => {
  const copied = countCopiedBytes(() => {
    const decoder = new PduDecoder(MIB);
    for (let at = 0; at < large.length - 1; at += 1) {
      decoder.push(large.subarray(at, at + 1));
      if (decoder.next()) expect.unreachable();
    }
    decoder.push(large.subarray(-1));
    expect(decoder.next()?.body.equals(large.subarray(16))).toBe(true);
  });
  expect(copied).toBeLessThan(3 * MIB);
});

function countCopiedBytes(action: () => void): number {
  const original = Buffer.prototype.copy;
  let bytes = 0;
  Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<typeof original>) {
    const copied = original.apply(this, args);
    bytes += copied;
    return copied;
  };
  try {
    action();
  } finally {
    Buffer.prototype.copy = original;
  }
  return bytes;
}
