import type { LoadResult } from '@teamtalk/load-generator';
import { median } from './rounds.js';
import type { Point } from './scenario.js';

/** One of the two installations that are measured by turns. */
export interface Side {
  /** in front of the points' labels; empty when there is only one */
  label: string;
  /** folder of the checkout whose services run; undefined: this one's */
  checkout: string | undefined;
}

/** Which side is measured when: each round has all, every other one in reverse, so that neither is always the later. */
export function turnsOf<T>(sides: readonly T[], rounds: number): T[] {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? sides : sides.toReversed())).flat();
}

/** A figure is the median of the rounds; counts of what was sent, lost or closed are added up, so that no problem is hidden. */
export function combineRounds(rounds: readonly LoadResult[]): LoadResult {
  const [first] = rounds;
  if (!first || rounds.length === 1) return first!;
  const { connections, messages, history, ...measured } = first;
  const all = <Key extends keyof LoadResult>(key: Key) => rounds.map((round) => round[key]);
  return {
    ...mergeNumbers(rounds, measured, median),
    connections: mergeNumbers(all('connections'), connections, sum),
    ...(messages && { messages: mergeNumbers(all('messages'), messages, sum) }),
    ...(history && { history: mergeNumbers(all('history'), history, sum) }),
  };
}

/** The points of all rounds, in the order of the first; one without a result has failed before. */
export function combinePoints(rounds: readonly Point[][], label: string): Point[] {
  return rounds[0]!.map((point, k) => ({
    ...point,
    label: `${label} ${point.label}`.trim(),
    result: combineRounds(rounds.map((points) => points[k]!.result)),
  }));
}

/** A value shaped like `first` whose numbers are made from those at the same place in all of `values`. */
function mergeNumbers<Value>(
  values: readonly unknown[],
  first: Value,
  merge: (figures: number[]) => number,
): Value {
  if (typeof first === 'number') return merge(values.filter((value) => typeof value === 'number')) as Value;
  if (Array.isArray(first) || typeof first !== 'object' || first === null) return first;
  const entries = Object.entries(first).map(([key, value]) => [
    key,
    mergeNumbers(
      values.map((each) => (each as Record<string, unknown> | undefined)?.[key]),
      value as unknown,
      merge,
    ),
  ]);
  return Object.fromEntries(entries) as Value;
}

const sum = (figures: number[]): number => figures.reduce((total, figure) => total + figure, 0);
