import type { LoadResult, WatchedProcess } from '@teamtalk/load-generator';
import type { BenchCluster, Shape } from './bench-cluster.js';
import type { LoadArguments } from './load-process.js';

/** What a result has to reach. */
export interface Target {
  what: string;
  unit: string;
  /** undefined: it was not measured */
  measure: (result: LoadResult) => number | undefined;
  atLeast?: number;
  atMost?: number;
}

export interface ScenarioContext {
  cluster: BenchCluster;
  /** a short run that shows that everything works; its figures mean little */
  quick: boolean;
  /** messages to have stored where a scenario wants a table that is full */
  stored: number;
  /** connections at most, as file descriptors allow */
  maxConnections: number;
  /** Runs the load generator against the present services; `others` are processes to watch besides them. */
  load: (mode: string, options: LoadArguments, others?: readonly WatchedProcess[]) => Promise<LoadResult>;
  /** Starts the services anew in another shape, for what comes next in this scenario. */
  reshape: (shape: Shape) => Promise<void>;
  say: (line: string) => void;
}

/** One measurement of a scenario that measures the same under several conditions. */
export interface Point {
  x: number;
  label: string;
  result: LoadResult;
}

export interface Scenario {
  name: string;
  title: string;
  shape?: Shape;
  /** services that have done nothing yet */
  fresh?: boolean;
  /** left out unless it is named */
  onDemand?: boolean;
  /** of the result, or of the last point */
  targets?: readonly Target[];
  /** what the points' x is */
  axis?: string;
  /** what the operations are compared with: rows of messages, or echoed frames */
  baseline?: 'rows' | 'echo';
  run: (context: ScenarioContext) => Promise<LoadResult | Point[]>;
}

/** The rate that the mode is about. */
export function rateOf(result: LoadResult): number {
  return Object.values(result.rates)[0] ?? 0;
}

export function rateTarget(what: string, atLeast: number): Target {
  // Of an open loop some of what is due in the last moments is answered behind the end.
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

/** Whether the target is reached; undefined when it was not measured. */
export function isMet(
  { measure, atLeast = 0, atMost = Number.POSITIVE_INFINITY }: Target,
  result: LoadResult,
) {
  const value = measure(result);
  return value === undefined ? undefined : value >= atLeast && value <= atMost;
}
