import type { LoadResult, WatchedProcess } from '@teamtalk/load-generator';
import type { BenchCluster, Shape } from './bench-cluster.js';
import type { LoadArguments } from './load-process.js';

/** A figure that a result has to reach. */
export interface Target {
  what: string;
  unit: string;
  /** undefined: not measured */
  measure: (result: LoadResult) => number | undefined;
  atLeast?: number;
  atMost?: number;
}

export interface ScenarioContext {
  cluster: BenchCluster;
  /** a short run to see that everything works; its figures mean little */
  quick: boolean;
  /** messages stored beforehand in scenarios with a full table */
  stored: number;
  /** connections at most, limited by file descriptors */
  maxConnections: number;
  /** Runs the load generator against the running services; `others` are more processes to watch. */
  load: (mode: string, options: LoadArguments, others?: readonly WatchedProcess[]) => Promise<LoadResult>;
  /** Restarts the services in another shape, for the scenario's next measurements. */
  reshape: (shape: Shape) => Promise<void>;
  say: (line: string) => void;
}

/** One measurement of a scenario with several conditions. */
export interface Point {
  x: number;
  label: string;
  result: LoadResult;
}

export interface Scenario {
  name: string;
  title: string;
  shape?: Shape;
  /** starts new services even if some of this shape are running */
  fresh?: boolean;
  /** runs only when named */
  onDemand?: boolean;
  /** measures no services of ours, so another checkout's are not measured either */
  otherServer?: boolean;
  /** of the result, or of the last point */
  targets?: readonly Target[];
  /** label of the points' x */
  axis?: string;
  /** compares operations with inserted rows, or with echoed frames */
  baseline?: 'rows' | 'echo';
  run: (context: ScenarioContext) => Promise<LoadResult | Point[]>;
}

/** The mode's main rate. */
export function rateOf(result: LoadResult): number {
  return Object.values(result.rates)[0] ?? 0;
}

export function rateTarget(what: string, atLeast: number): Target {
  // In an open loop, some requests of the last moments are answered after the end.
  return { what, unit: '/s', measure: (result) => rateOf(result), atLeast: atLeast * 0.995 };
}

export function latencyTarget(name: string, percentile: 'p50' | 'p99' | 'max', atMost: number): Target {
  return {
    what: `${name} ${percentile}`,
    unit: 'ms',
    measure: (result) => result.latency[name]?.[percentile],
    atMost,
  };
}

export function figureTarget(
  figure: string,
  unit: string,
  bound: Pick<Target, 'atLeast' | 'atMost'>,
): Target {
  return { what: figure, unit, measure: (result) => result.figures?.[figure], ...bound };
}

/** Whether the target is reached; undefined: not measured. */
export function isMet(
  { measure, atLeast = 0, atMost = Number.POSITIVE_INFINITY }: Target,
  result: LoadResult,
) {
  const value = measure(result);
  return value === undefined ? undefined : value >= atLeast && value <= atMost;
}
