import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Milliseconds, except `count`. */
export interface LatencySummary {
  count: number;
  mean: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

/** One second of a run. */
export interface LatencySecond {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/** Latencies of one kind in an HDR histogram of microseconds with three digits, and of each second. */
export class Latency {
  readonly #all = histogram();
  readonly #second = histogram();
  readonly #seconds: LatencySecond[] = [];

  /** @param ms since the message was due, not since it was sent, so that a late sender does not hide waiting time */
  record(ms: number): void {
    const microseconds = ms > 0.001 ? Math.round(ms * 1000) : 1;
    this.#all.record(microseconds);
    this.#second.record(microseconds);
  }

  /** Ends a second of the time line. */
  tick(): void {
    const { p50, p99, max, count } = summaryOf(this.#second);
    this.#seconds.push({ count, p50, p99, max });
    this.#second.reset();
  }

  get seconds(): readonly LatencySecond[] {
    return this.#seconds;
  }

  summary(): LatencySummary {
    return summaryOf(this.#all);
  }
}

function histogram(): RecordableHistogram {
  // Up to ten minutes.
  return createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 });
}

function summaryOf(values: RecordableHistogram): LatencySummary {
  const count = values.count;
  if (count === 0) return { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  const at = (percent: number) => values.percentile(percent) / 1000;
  return {
    count,
    mean: Math.round(values.mean) / 1000,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: values.max / 1000,
  };
}
