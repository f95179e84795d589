import type { Sample } from '@teamtalk/service-kit';
import type { Reading } from './probe.js';

interface Kept {
  at: number;
  samples: readonly Sample[];
}

const bucket = '_bucket';

/**
 * Chosen metrics of every instance over the last minute. Rates and quantiles of a few seconds would jump; those since the
 * start of a process would hide what is going on.
 */
export class RecentMetrics {
  readonly #names: ReadonlySet<string>;
  readonly #windowMs: number;
  /** by key of the instance, oldest first; the first one may be older than the window */
  readonly #kept = new Map<string, Kept[]>();

  /** @param names counters, and histograms by the name of their buckets */
  constructor(names: readonly string[], windowMs = 60_000) {
    this.#names = new Set(names);
    this.#windowMs = windowMs;
  }

  /** @param readings those of instances that answered; others are forgotten */
  add(readings: ReadonlyMap<string, Reading>): void {
    for (const key of this.#kept.keys()) if (!readings.has(key)) this.#kept.delete(key);
    for (const [key, { at, samples }] of readings) {
      const kept = this.#kept.get(key) ?? [];
      if (kept.at(-1)?.at === at) continue;
      kept.push({ at, samples: samples.filter(({ name }) => this.#names.has(name)) });
      // Keeps one that is as old as the window.
      while (kept[1] && at - kept[1].at >= this.#windowMs) kept.shift();
      this.#kept.set(key, kept);
    }
  }

  /**
   * @param labels the values that count, by label; left out: any
   * @returns null as long as no instance that has it was read twice
   */
  growth(name: string, labels: Readonly<Record<string, readonly string[]>> = {}): number | null {
    const wanted = Object.entries(labels);
    const counts = (sample: Sample) =>
      sample.name === name && wanted.every(([label, values]) => values.includes(sample.labels[label] ?? ''));
    let total: number | null = null;
    for (const kept of this.#kept.values()) {
      const grown = growthOf(kept, name, counts);
      if (grown !== undefined) total = (total ?? 0) + grown;
    }
    return total;
  }

  /** Of all instances together. @returns null as long as `growth` is, or when nothing was counted */
  perSecond(name: string, labels?: Readonly<Record<string, readonly string[]>>): number | null {
    const grown = this.growth(name, labels);
    const seconds = this.#seconds;
    return grown === null || seconds === 0 ? null : grown / seconds;
  }

  /**
   * A quantile of what a histogram has counted, interpolated as Prometheus does.
   * @param histogram its name, without `_bucket`
   * @returns null when nothing was counted
   */
  quantile(histogram: string, q: number): number | null {
    const name = histogram + bucket;
    const bounds = new Set<string>();
    for (const kept of this.#kept.values()) {
      for (const sample of kept.at(-1)?.samples ?? []) {
        if (sample.name === name && sample.labels.le !== undefined) bounds.add(sample.labels.le);
      }
    }
    const buckets = [...bounds]
      .map((le) => ({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), text: le }))
      .sort((a, b) => a.le - b.le)
      .map(({ le, text }) => ({ le, count: this.growth(name, { le: [text] }) ?? 0 }));
    return quantileOf(buckets, q);
  }

  /** The longest time between two readings of an instance. */
  get #seconds(): number {
    const times = [...this.#kept.values()].map((kept) => (kept.at(-1)?.at ?? 0) - (kept[0]?.at ?? 0));
    return Math.max(0, ...times) / 1000;
  }
}

function growthOf(
  kept: readonly Kept[],
  name: string,
  counts: (sample: Sample) => boolean,
): number | undefined {
  const [first, last] = [kept[0], kept.at(-1)];
  if (!first || !last || first === last || !last.samples.some((sample) => sample.name === name)) return;
  const sum = ({ samples }: Kept) =>
    samples.reduce((total, sample) => (counts(sample) ? total + sample.value : total), 0);
  // A counter that decreased belongs to a new process at the same address.
  return Math.max(0, sum(last) - sum(first));
}

function quantileOf(buckets: readonly { le: number; count: number }[], q: number): number | null {
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return null;
  const rank = q * total;
  const index = buckets.findIndex(({ count }) => count >= rank);
  const [found, below] = [buckets[index], buckets[index - 1]];
  const from = below?.le ?? 0;
  if (!found || found.le === Number.POSITIVE_INFINITY) return from;
  const inside = found.count - (below?.count ?? 0);
  return inside === 0 ? found.le : from + ((found.le - from) * (rank - (below?.count ?? 0))) / inside;
}
