/**
 * Now as it goes along with a message, so that whoever delivers it knows how old it is: Unix time in milliseconds, of
 * which the lower 32 bits, which come round after 49 days. Never 0.
 */
export function receivedNow(): number {
  return Date.now() >>> 0 || 1;
}

/** Seconds since a `receivedNow()`, maybe of another machine; 0 where its clock is ahead of ours. */
export function secondsSince(receivedAt: number): number {
  return Math.max((Date.now() - receivedAt) | 0, 0) / 1000;
}
