/**
 * How often a listener looks at all its connections, instead of a timer for each: often enough for the shortest of its
 * time limits, and once a second at least. Milliseconds.
 */
export function sweepIntervalMs(...limitsMs: number[]): number {
  return Math.max(10, Math.min(1_000, Math.floor(Math.min(...limitsMs) / 8)));
}
