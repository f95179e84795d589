import type { Transport } from './transport.js';

/** Batches up to this many bytes are copied into one buffer, which is cheaper than a gathered write. */
const maxCopied = 65_536;

/**
 * Writes several PDUs together.
 * @returns the number of bytes
 */
export function writeBatch(transport: Transport, pdus: readonly Buffer[]): number {
  let bytes = 0;
  for (const pdu of pdus) bytes += pdu.length;
  if (bytes <= maxCopied && !transport.framed) {
    transport.write(Buffer.concat(pdus, bytes));
    return bytes;
  }
  transport.cork();
  for (const pdu of pdus) transport.write(pdu);
  transport.uncork();
  return bytes;
}
