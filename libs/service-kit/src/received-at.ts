/**
 * The time of receipt that travels with a message, so that the delivering service knows its age: the lower 32 bits of Unix
 * time in milliseconds, which wrap around after 49 days. Never 0.
 */
export function receivedNow(): number {
  return Date.now() >>> 0 || 1;
}

/** Seconds since a `receivedNow()`, possibly of another machine; 0 if its clock is ahead. */
export function secondsSince(receivedAt: number): number {
  return Math.max((Date.now() - receivedAt) | 0, 0) / 1000;
}
