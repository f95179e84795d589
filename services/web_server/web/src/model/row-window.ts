/** A part of a column of rows: a drawn row, or a gap in place of several rows. */
export type Part<T> = { kind: 'row'; key: string; row: T } | { kind: 'gap'; key: string; height: number };

/** A stretch of a column, in pixels from its lower end. */
export interface Stretch {
  low: number;
  high: number;
}

/** The assumed height of rows until one is measured, pixels. */
const usualHeight = 48;
/** The most that one row contributes to the mean, pixels: a very tall one says little about others. */
const mostOfOne = 200;

/** The heights of rows, pixels. Rows that are not measured have the mean height. */
export class RowHeights {
  readonly #known = new Map<string, number>();
  #sum = 0;

  of(key: string): number {
    return this.#known.get(key) ?? this.mean;
  }

  get mean(): number {
    return this.#known.size === 0 ? usualHeight : this.#sum / this.#known.size;
  }

  /** @returns whether the height has changed */
  set(key: string, height: number): boolean {
    const before = this.#known.get(key);
    this.#known.set(key, height);
    this.#sum += Math.min(height, mostOfOne) - Math.min(before ?? 0, mostOfOne);
    return before === undefined || Math.abs(before - height) > 0.5;
  }

  /** Forgets the heights of removed rows, once they outnumber the existing ones. */
  keepOnly(rows: ReadonlyArray<{ key: string }>): void {
    if (this.#known.size <= 2 * rows.length + 100) return;
    const kept = rows.flatMap(({ key }) => {
      const height = this.#known.get(key);
      return height === undefined ? [] : [[key, height] as const];
    });
    this.clear();
    for (const [key, height] of kept) this.set(key, height);
  }

  clear(): void {
    this.#known.clear();
    this.#sum = 0;
  }
}

/**
 * The drawn rows (those that overlap the stretch, and the kept ones) and the gaps between them.
 * @param kept keys of rows that are always drawn
 */
export function partsOf<T extends { key: string }>(
  rows: readonly T[],
  heights: RowHeights,
  { low, high }: Stretch,
  kept: ReadonlySet<string>,
): Part<T>[] {
  const parts: Part<T>[] = [];
  let below = 0;
  let gap = 0;
  const endGap = (key: string) => {
    if (gap > 0) parts.push({ kind: 'gap', key: `gap ${key}`, height: gap });
    gap = 0;
  };
  for (const row of rows.toReversed()) {
    const height = heights.of(row.key);
    if ((below < high && below + height > low) || kept.has(row.key)) {
      endGap(parts.length === 0 ? 'at the end' : `below ${row.key}`);
      parts.push({ kind: 'row', key: row.key, row });
    } else {
      gap += height;
    }
    below += height;
  }
  endGap('at the beginning');
  return parts.reverse();
}

/** The distance from a row's lower edge to the lower end of the column; undefined: there is no such row. */
export function heightBelow(
  rows: ReadonlyArray<{ key: string }>,
  heights: RowHeights,
  key: string,
): number | undefined {
  let below = 0;
  for (const row of rows.toReversed()) {
    if (row.key === key) return below;
    below += heights.of(row.key);
  }
  return undefined;
}
