import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FramingError, PduDecoder } from './decoder.js';
import { HEADER_LENGTH } from './header.js';
import { encodeRawPdu, type Pdu } from './pdu.js';

const LIMIT = 4096;

const pdu = fc.record({
  commandId: fc.integer({ min: 0, max: 0xffff }),
  seqNum: fc.integer({ min: 0, max: 0xffff }),
  body: fc.uint8Array({ maxLength: LIMIT - HEADER_LENGTH, size: 'max' }).map((bytes) => Buffer.from(bytes)),
});

/** How to split a stream: chunk sizes, repeated until the end of the stream. */
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 9000 })), {
  minLength: 1,
  maxLength: 20,
});

/** How many PDUs are taken after each push; the rest waits, as with a paused consumer. */
const pauses = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 10 });

function cut(stream: Buffer, sizes: number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let start = 0, i = 0; start < stream.length; i++) {
    const end = start + (sizes[i % sizes.length] as number);
    chunks.push(stream.subarray(start, end));
    start = end;
  }
  return chunks;
}

interface Outcome {
  pdus: Pdu[];
  error?: FramingError;
  pending: number;
}

function decode(chunks: Buffer[], limit: number, takes?: number[]): Outcome {
  const decoder = new PduDecoder(limit);
  const pdus: Pdu[] = [];
  const take = (count: number) => {
    for (let i = 0; i < count; i++) {
      const next = decoder.next();
      if (!next) return;
      pdus.push(next);
    }
  };
  try {
    chunks.forEach((chunk, i) => {
      decoder.push(chunk);
      take(takes ? (takes[i % takes.length] as number) : Number.POSITIVE_INFINITY);
    });
    take(Number.POSITIVE_INFINITY);
  } catch (error) {
    if (!(error instanceof FramingError)) throw error;
    return { pdus, error, pending: decoder.pendingBytes };
  }
  return { pdus, pending: decoder.pendingBytes };
}

const encode = (pdus: { commandId: number; seqNum: number; body: Buffer }[]) =>
  Buffer.concat(pdus.map(({ commandId, body, seqNum }) => encodeRawPdu(commandId, body, seqNum)));

it('any split of any sequence of PDUs yields the same PDUs', () => {
  fc.assert(
    fc.property(fc.array(pdu, { maxLength: 12 }), cuts, (pdus, sizes) => {
      const outcome = decode(cut(encode(pdus), sizes), LIMIT);
      expect(outcome).toEqual({
        pdus: pdus.map((sent) => ({ ...sent, serviceId: sent.commandId >>> 8 })),
        pending: 0,
      });
    }),
  );
});

it('pauses change nothing', () => {
  fc.assert(
    fc.property(fc.array(pdu, { maxLength: 12 }), cuts, pauses, (pdus, sizes, takes) => {
      const chunks = cut(encode(pdus), sizes);
      expect(decode(chunks, LIMIT, takes)).toEqual(decode(chunks, LIMIT));
    }),
  );
});

it('the limit holds for any split, after the PDUs before it were returned', () => {
  const tooLong = fc.integer({ min: LIMIT + 1, max: 0xffffffff });
  const tooShort = fc.integer({ min: 0, max: HEADER_LENGTH - 1 });
  fc.assert(
    fc.property(
      fc.array(pdu, { maxLength: 4 }),
      fc.oneof(tooLong, tooShort),
      fc.uint8Array({ maxLength: 40 }),
      cuts,
      (pdus, length, rest, sizes) => {
        const field = Buffer.alloc(4);
        field.writeUInt32BE(length);
        const outcome = decode(cut(Buffer.concat([encode(pdus), field, rest]), sizes), LIMIT);
        expect(outcome.pdus).toHaveLength(pdus.length);
        expect(outcome.error).toMatchObject({
          length,
          limit: LIMIT,
          reason: length < HEADER_LENGTH ? 'length-below-header' : 'length-above-limit',
        });
        expect(outcome.pending).toBe(0);
      },
    ),
  );
});

it('noise causes only a FramingError, never a PDU above the limit', () => {
  // Noise whose first bytes are often 0 gets past the length check now and then.
  const byte = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(255) });
  const noise = fc.oneof(fc.uint8Array({ maxLength: 3000 }), fc.array(byte, { maxLength: 3000 }));
  fc.assert(
    fc.property(noise, cuts, pauses, (bytes, sizes, takes) => {
      const chunks = cut(Buffer.from(bytes), sizes);
      const outcome = decode(chunks, 64);
      for (const { body } of outcome.pdus) expect(body.length).toBeLessThanOrEqual(64 - HEADER_LENGTH);
      expect(decode(chunks, 64, takes)).toEqual(outcome);
    }),
    { numRuns: 500 },
  );
});
