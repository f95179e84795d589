import type { Latency, LatencySecond, LatencySummary } from './latency.js';
import type { WatchedProcess } from './process-usage.js';
import { type UsageDifference, type UsageSample, UsageWatch, usageBetween } from './process-usage.js';

/** What was measured in that part. */
export interface Measured {
  /** seconds */
  seconds: number;
  /** when it began and ended by the system's monotonic clock, microseconds: a profile counts in these */
  between?: [number, number];
  /** by name, milliseconds */
  latency: Record<string, LatencySummary>;
  /** by name, second by second */
  timeline: Record<string, readonly LatencySecond[]>;
  /** by process */
  usage: Record<string, UsageDifference>;
}

/** The measured part of a run, after the warm-up. What is due in it is recorded, even when it comes later. */
export class Measurement {
  /** ms of the monotonic clock */
  from = Number.POSITIVE_INFINITY;
  to = Number.NEGATIVE_INFINITY;
  readonly #latencies: Readonly<Record<string, Latency>>;
  readonly #watch: UsageWatch;
  readonly #seconds: number;
  #before: UsageSample | undefined;
  #after: UsageSample | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(
    watched: readonly WatchedProcess[],
    seconds: number,
    latencies: Readonly<Record<string, Latency>>,
  ) {
    this.#watch = new UsageWatch(watched);
    this.#seconds = seconds;
    this.#latencies = latencies;
  }

  /** @param startedAt ms of the monotonic clock */
  begin(startedAt: number, warmupSeconds: number): void {
    this.from = startedAt + warmupSeconds * 1000;
    this.to = this.from + this.#seconds * 1000;
    const at = (ms: number, work: () => void) => {
      this.#timers.push(setTimeout(work, Math.max(0, ms - performance.now())));
    };
    if (warmupSeconds === 0) this.#before = this.#watch.sample();
    else {
      at(this.from, () => {
        this.#before = this.#watch.sample();
      });
    }
    for (let second = 1; second <= Math.floor(this.#seconds); second++) {
      at(this.from + second * 1000, () => {
        for (const latency of Object.values(this.#latencies)) latency.tick();
      });
    }
    at(this.to, () => {
      this.#after = this.#watch.sample();
    });
  }

  /** Whether a moment is in the measured part. */
  includes(ms: number): boolean {
    return ms >= this.from && ms < this.to;
  }

  /** Ends a measurement of no fixed length. @param at ms of the monotonic clock */
  endNow(at: number): Measured {
    this.#after = this.#watch.sample();
    this.to = at;
    return { ...this.end(), seconds: (at - this.from) / 1000 };
  }

  end(): Measured {
    for (const timer of this.#timers) clearTimeout(timer);
    const after = this.#after ?? this.#watch.sample();
    const entries = Object.entries(this.#latencies);
    return {
      seconds: this.#seconds,
      between: [monotonicMicroseconds(this.from), monotonicMicroseconds(this.to)],
      latency: Object.fromEntries(entries.map(([name, latency]) => [name, latency.summary()])),
      timeline: Object.fromEntries(entries.map(([name, latency]) => [name, latency.seconds])),
      usage: usageBetween(this.#before ?? after, after),
    };
  }
}

/** @param ms of `performance.now()` */
function monotonicMicroseconds(ms: number): number {
  const now = Number(process.hrtime.bigint()) / 1000;
  return Math.round(now + (ms - performance.now()) * 1000);
}
