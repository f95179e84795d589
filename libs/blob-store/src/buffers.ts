/** The fewer pieces, the less a file costs; to send one with 512 KiB is half of what it is with 64. */
const largeBytes = 512 * 1024;
/** What the buffers take stays within bounds, however many slow readers and writers there are: 16 MiB of large ones. */
const maxLarge = 32;
const smallBytes = 64 * 1024;

const free: Buffer[] = [];
let large = 0;

/** A buffer to read a file into or to write one from, with anything in it: 512 KiB, or 64 where many are in use. */
export function takeBuffer(): Buffer {
  const kept = free.pop();
  if (kept) return kept;
  if (large >= maxLarge) return Buffer.allocUnsafeSlow(smallBytes);
  large++;
  return Buffer.allocUnsafeSlow(largeBytes);
}

/** Gives a buffer back, for others to use: nobody may look at it any more. */
export function giveBuffer(buffer: Buffer): void {
  if (buffer.length === largeBytes) free.push(buffer);
}
