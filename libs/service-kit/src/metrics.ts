import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { TalliedHistogram } from './tallied-histogram.js';

/** Seconds; for waits between a tenth of a millisecond and ten seconds. */
const latencyBuckets = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Interval of the event-loop monitor, milliseconds: it wakes an idle process that often. */
const lagIntervalMs = 250;
const lagFigures = ['min', 'max', 'mean', 'p50', 'p90', 'p99'] as const;

/** A metric's description. */
export interface MetricDefinition {
  name: string;
  type: 'counter' | 'gauge' | 'histogram' | 'summary';
  help: string;
  labels: readonly string[];
}

/**
 * The metrics of one service instance, each named `teamtalk_<service>_<what>_<unit>`. Labels must have few values: never
 * a user, a session or an address.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #prefix: string;

  constructor(service: string) {
    this.#prefix = `teamtalk_${service}_`;
  }

  /** Adds process metrics (CPU, memory, event-loop lag); once per process. */
  collectProcess(): void {
    const { registry } = this;
    collectDefaultMetrics({
      register: registry,
      prefix: this.#prefix,
      eventLoopMonitoringPrecision: lagIntervalMs,
    });
    // Node's monitor records the time between two of its wake-ups: the delay and its own interval.
    for (const figure of lagFigures) {
      const gauge = registry.getSingleMetric(
        `${this.#prefix}nodejs_eventloop_lag_${figure}_seconds`,
      ) as Gauge;
      const set = gauge.set.bind(gauge);
      const lag = (labels: object, seconds: number) =>
        set(labels, Math.max(0, seconds - lagIntervalMs / 1000));
      gauge.set = lag as Gauge['set'];
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
    return new Gauge({
      name: this.#prefix + name,
      help,
      registers: [this.registry],
      ...(read && {
        collect() {
          this.set(read());
        },
      }),
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
