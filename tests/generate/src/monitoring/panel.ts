import { thresholds } from '@teamtalk/observer';
import { jobOf } from './installation.js';

/** Units, by Grafana's names. */
export type Unit = 'short' | 'ops' | 's' | 'Bps' | 'bytes' | 'percentunit';

/** The colour of a figure, by the lowest value that has it, in ascending order; null: no lower bound. */
type Steps = readonly (readonly [from: number | null, colour: 'green' | 'orange' | 'red'])[];

/** One query of a panel, with its legend or column name. */
export interface Target {
  query: string;
  /** `{{label}}` stands for a label's value */
  legend: string;
  /** for a column of a table; by default the panel's */
  unit?: Unit;
}

/** Properties of a panel besides its queries. */
interface Look {
  steps?: Steps;
  /** alerts about what the panel shows; it links to their chapters */
  alerts?: readonly string[];
}

/** A graph, figure or table, with its meaning and how to read it. */
export interface Panel extends Look {
  kind: 'timeseries' | 'stat' | 'table' | 'heatmap';
  title: string;
  meaning: string;
  unit: Unit;
  targets: readonly Target[];
}

export interface Dashboard {
  /** the name of its file, and of its page in Grafana */
  id: string;
  title: string;
  /** the service whose instances can be chosen; undefined for dashboards of a whole installation */
  service?: string;
  panels: readonly Panel[];
}

type Queries = string | Readonly<Record<string, string>>;

/** A time series of one query, or of several with their legends. */
export function panel(
  title: string,
  unit: Unit,
  meaning: string,
  queries: Queries,
  legend = '',
  look: Look = {},
): Panel {
  return { kind: 'timeseries', title, unit, meaning, targets: targetsOf(title, queries, legend), ...look };
}

/** The latest value of a query, one for each value of its label. */
export function stat(
  title: string,
  unit: Unit,
  meaning: string,
  queries: Queries,
  legend = '',
  look: Look = {},
): Panel {
  return { ...panel(title, unit, meaning, queries, legend, look), kind: 'stat' };
}

/** A table with one column for each query, and one row for each combination of the labels they group by. */
export function table(
  title: string,
  meaning: string,
  columns: Readonly<Record<string, [Unit, string]>>,
): Panel {
  const targets = Object.entries(columns).map(([legend, [unit, query]]) => ({ query, legend, unit }));
  return { kind: 'table', title, unit: 'short', meaning, targets };
}

/** The distribution of a histogram's observations over time. */
export function heatmap(title: string, meaning: string, histogram: string, look: Look = {}): Panel {
  const query = `sum by (le) (increase(${histogram}_bucket[$__rate_interval]))`;
  return { kind: 'heatmap', title, unit: 's', meaning, targets: [{ query, legend: '{{le}}' }], ...look };
}

function targetsOf(title: string, queries: Queries, legend: string): Target[] {
  if (typeof queries === 'string') return [{ query: queries, legend: legend || title }];
  return Object.entries(queries).map(([name, query]) => ({ query, legend: name }));
}

/** Red from this value upwards. */
export function redFrom(figure: number): Steps {
  return [
    [null, 'green'],
    [figure, 'red'],
  ];
}

/** Red below this value. */
export function redBelow(figure: number): Steps {
  return [
    [null, 'red'],
    [figure, 'green'],
  ];
}

/** Events a second, of all instances. A counter without samples is 0, not a gap. */
export function rate(counter: string, by?: string): string {
  const sum = `sum${by ? ` by (${by})` : ''} (rate(${counter}[$__rate_interval]))`;
  return `${sum} or vector(0)`;
}

/** Increase of a counter in the last hour, over all instances. */
export function lastHour(counter: string): string {
  return `sum(increase(${counter}[1h])) or vector(0)`;
}

/** A percentile of a histogram in seconds, of all instances; `by` keeps a label. */
export function percentile(histogram: string, quantile: number, by?: string): string {
  const labels = by ? `le, ${by}` : 'le';
  return `histogram_quantile(${quantile}, sum by (${labels}) (rate(${histogram}_bucket[$__rate_interval])))`;
}

/** The three usual percentiles of a histogram. */
export function percentiles(histogram: string): Record<string, string> {
  return {
    'half of them': percentile(histogram, 0.5),
    '95 %': percentile(histogram, 0.95),
    '99 %': percentile(histogram, 0.99),
  };
}

/** Panels that every service has. */
export function processPanels(service: string): Panel[] {
  const job = `{job=~"${jobOf(service)}"}`;
  return [
    panel(
      'CPU',
      'percentunit',
      'Cores each instance uses. A Node process has one for its own code: near 1 it is at its limit.',
      `rate(process_cpu_seconds_total${job}[$__rate_interval])`,
      '{{instance}}',
      { steps: redFrom(thresholds.cores) },
    ),
    panel(
      'Memory',
      'bytes',
      'Resident memory of each instance. It follows the load and comes back down; a line that only climbs is a leak.',
      `process_resident_memory_bytes${job}`,
      '{{instance}}',
    ),
    panel(
      'Event loop lag',
      's',
      'How late the process comes to its work, 99 %. Above 50 ms people notice.',
      `nodejs_eventloop_lag_p99_seconds${job}`,
      '{{instance}}',
      { steps: redFrom(thresholds.eventLoopSeconds), alerts: ['TeamTalkEventLoopLag'] },
    ),
    panel(
      'Round trip to NATS',
      's',
      'Median of the probed round trips. A slow one points to a busy NATS, network or process.',
      `histogram_quantile(0.5, sum by (le, instance) (rate(teamtalk_${service}_bus_round_trip_seconds_bucket[5m])))`,
      '{{instance}}',
      { alerts: ['TeamTalkNatsDisconnected', 'TeamTalkNatsSlowConsumer'] },
    ),
    panel(
      'Events lost or failed',
      'ops',
      'Events dropped while NATS was away, events whose handling failed, and what NATS refused for lack of permission. Messages are not among them: they wait in the outbox.',
      {
        dropped: rate(`teamtalk_${service}_bus_dropped_total`),
        failed: rate(`teamtalk_${service}_bus_failed_total`),
        refused: rate(`teamtalk_${service}_bus_refused_total`),
      },
      '',
      { alerts: ['TeamTalkPermissionMissing'] },
    ),
  ];
}
