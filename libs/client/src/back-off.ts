export interface BackOff {
  /** Maximum wait before the first attempt, milliseconds. */
  firstMs: number;
  /** Maximum wait before any attempt, milliseconds. */
  maxMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt` (from 0): doubles each time, with jitter over the upper half, so that
 * the clients of a dead msg_server do not all come back at once.
 */
export function backOffDelay({ firstMs, maxMs }: BackOff, attempt: number, random = Math.random): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + (random() * ceiling) / 2;
}
