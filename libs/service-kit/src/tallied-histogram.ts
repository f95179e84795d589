import type { MetricObject, MetricValueWithName } from 'prom-client';

/**
 * A histogram without labels for hot paths. prom-client's looks up labels and allocates on each observation; this one
 * counts in an array that is read when the metrics are scraped.
 */
export class TalliedHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly #bounds: readonly number[];
  /** Observations up to each bound and above the one before; the last: above all. */
  readonly #counts: Float64Array;
  #sum = 0;

  /** @param bounds ascending */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at++;
    this.#counts[at]!++;
    this.#sum += value;
  }

  /** Called by prom-client's registry at a scrape. */
  async get(): Promise<Omit<MetricObject, 'collect'> & { values: MetricValueWithName<'le'>[] }> {
    const { name, help } = this;
    const values: MetricValueWithName<'le'>[] = [];
    let count = 0;
    this.#counts.forEach((inBucket, i) => {
      count += inBucket;
      values.push({
        metricName: `${name}_bucket`,
        labels: { le: this.#bounds[i] ?? '+Inf' },
        value: count,
      });
    });
    values.push({ metricName: `${name}_sum`, labels: {}, value: this.#sum });
    values.push({ metricName: `${name}_count`, labels: {}, value: count });
    return { name, help, type: 'histogram' as never, values, aggregator: 'sum' };
  }

  reset(): void {
    this.#counts.fill(0);
    this.#sum = 0;
  }
}
