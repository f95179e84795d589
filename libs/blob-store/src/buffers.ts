/** Large reads and writes cost less CPU per byte. */
const largeBytes = 512 * 1024;
/** Bounds the memory of large buffers to 16 MiB, however many slow readers and writers there are. */
const maxLarge = 32;
const smallBytes = 64 * 1024;

const free: Buffer[] = [];
let large = 0;

/** An uninitialised buffer for file I/O: 512 KiB, or 64 KiB when the large ones are in use. */
export function takeBuffer(): Buffer {
  const pooled = free.pop();
  if (pooled) return pooled;
  if (large >= maxLarge) return Buffer.allocUnsafeSlow(smallBytes);
  large++;
  return Buffer.allocUnsafeSlow(largeBytes);
}

/** Returns a buffer to the pool; the caller must not use it any more. */
export function giveBuffer(buffer: Buffer): void {
  if (buffer.length === largeBytes) free.push(buffer);
}
