/** Mixes two unsigned 32-bit numbers into one that looks random (the finaliser of MurmurHash3). */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ b;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/**
 * Rendezvous hashing: which of `candidates` a key (unsigned 32-bit) belongs to. When a candidate comes or
 * goes, only the keys that move to it or from it change their place.
 */
export function rendezvous<T extends { instance: number }>(
  key: number,
  candidates: readonly T[],
): T | undefined {
  let best: T | undefined;
  let highest = -1;
  for (const candidate of candidates) {
    const weight = mix(key, candidate.instance);
    if (weight > highest) {
      highest = weight;
      best = candidate;
    }
  }
  return best;
}
