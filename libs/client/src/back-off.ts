export interface BackOff {
  /** Wait before the first attempt at most, milliseconds. */
  firstMs: number;
  /** Wait before any attempt at most, milliseconds. */
  maxMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt` (from 0): doubles each time, and spread over the upper half,
 * so that the clients of a msg_server that died do not come back all at once.
 */
export function backOffDelay({ firstMs, maxMs }: BackOff, attempt: number, random = Math.random): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + (random() * ceiling) / 2;
}
