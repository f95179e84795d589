/** How one side did against the other in rounds that were measured by turns. */
export interface Comparison {
  /** of the ratios of the rounds, one by one */
  median: number;
  least: number;
  most: number;
}

/**
 * @param ours a figure of each round
 * @param theirs of the other side's rounds, the k-th measured right before or after our k-th
 */
export function compareRounds(ours: readonly number[], theirs: readonly number[]): Comparison {
  const ratios = ours.map((figure, k) => figure / theirs[k]!);
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

/** The middle one, or of an even number the mean of the two in the middle. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((one, other) => one - other);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
