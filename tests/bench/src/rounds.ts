/** Ratios of two sides that were measured alternately. */
export interface Comparison {
  /** over the rounds */
  median: number;
  least: number;
  most: number;
}

/**
 * @param ours one figure per round
 * @param theirs the same of the other side; round k was measured right before or after our round k
 */
export function compareRounds(ours: readonly number[], theirs: readonly number[]): Comparison {
  const ratios = ours.map((figure, k) => figure / theirs[k]!);
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

/** The middle figure, or the mean of the two in the middle. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((one, other) => one - other);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
