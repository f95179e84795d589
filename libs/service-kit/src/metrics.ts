import { createHistogram } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { observeWakeUps } from './every.js';
import { TalliedHistogram } from './tallied-histogram.js';

/** Seconds; for waits between a tenth of a millisecond and ten seconds. */
const latencyBuckets = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Milliseconds between two wake-ups of prom-client's event-loop monitor: never, because `every` wakes a process anyway. */
const monitorNever = 2 ** 31 - 1;

/** A metric's description. */
export interface MetricDefinition {
  name: string;
  type: 'counter' | 'gauge' | 'histogram' | 'summary';
  help: string;
  labels: readonly string[];
}

/**
 * The metrics of one service instance, each named `teamtalk_<service>_<what>_<unit>`; process metrics keep the default
 * names of prom-client. Labels must have few values: never a user, a session or an address.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #prefix: string;

  constructor(service: string) {
    this.#prefix = `teamtalk_${service}_`;
  }

  /** Adds process metrics (CPU, memory, event-loop lag); once per process. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: monitorNever });
    this.#collectLag();
  }

  /** Replaces prom-client's figures of the event-loop lag, which each reading begins anew, by those of `every`. */
  #collectLag(): void {
    const { registry } = this;
    const lag = createHistogram();
    observeWakeUps((lateMs) => lag.record(Math.max(1, Math.round(lateMs * 1e6))));
    const figures: Readonly<Record<string, () => number>> = {
      min: () => lag.min,
      max: () => lag.max,
      mean: () => lag.mean,
      stddev: () => lag.stddev,
      p50: () => lag.percentile(50),
      p90: () => lag.percentile(90),
      p99: () => {
        const nanoseconds = lag.percentile(99);
        // The last one.
        lag.reset();
        return nanoseconds;
      },
    };
    for (const [figure, read] of Object.entries(figures)) {
      const name = `nodejs_eventloop_lag_${figure}_seconds`;
      const { help } = registry.getSingleMetric(name) as Gauge & { help: string };
      registry.removeSingleMetric(name);
      addGauge(registry, name, help, () => read() / 1e9);
    }
  }

  /** All metrics, in order of registration. */
  definitions(): MetricDefinition[] {
    return this.registry.getMetricsAsArray().map((metric) => {
      const {
        name,
        help,
        labelNames = [],
        type,
      } = metric as typeof metric &
        Partial<MetricDefinition> & {
          labelNames?: string[];
        };
      // prom-client's own metrics show their type only in the name of their class.
      const known = type ?? (metric.constructor.name.toLowerCase() as MetricDefinition['type']);
      return { name, type: known, help, labels: [...labelNames] };
    });
  }

  /** `name` ends in `_total`. */
  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name: this.#prefix + name, help, labelNames, registers: [this.registry] });
  }

  /** With `read`, the value is read at each scrape. */
  gauge(name: string, help: string, read?: () => number): Gauge {
    return addGauge(this.registry, this.#prefix + name, help, read);
  }

  /** A gauge with one label, whose values are read at each scrape. */
  gaugeBy<L extends string>(
    label: L,
    name: string,
    help: string,
    read: () => Iterable<readonly [string, number]>,
  ): Gauge<L> {
    return new Gauge<L>({
      name: this.#prefix + name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [value, figure] of read()) this.labels(value).set(figure);
      },
    });
  }

  /** `name` ends in its unit; buckets are seconds unless given. */
  histogram<L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets: readonly number[] = latencyBuckets,
  ): Histogram<L> {
    return new Histogram({
      name: this.#prefix + name,
      help,
      labelNames,
      buckets: [...buckets],
      registers: [this.registry],
    });
  }

  /** A histogram for hot paths, which has no labels. */
  talliedHistogram(
    name: string,
    help: string,
    buckets: readonly number[] = latencyBuckets,
  ): TalliedHistogram {
    const histogram = new TalliedHistogram(this.#prefix + name, help, buckets);
    // The registry only uses its name and its values.
    this.registry.registerMetric(histogram as unknown as Metric);
    return histogram;
  }
}

function addGauge(registry: Registry, name: string, help: string, read?: () => number): Gauge {
  return new Gauge({
    name,
    help,
    registers: [registry],
    ...(read && {
      collect() {
        this.set(read());
      },
    }),
  });
}
