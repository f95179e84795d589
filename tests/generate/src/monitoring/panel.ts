/** Units, by Grafana's names. */
export type Unit = 'short' | 'ops' | 's' | 'Bps' | 'bytes' | 'percentunit';

/** One or several curves of a panel. */
interface Target {
  query: string;
  /** `{{label}}` stands for a label's value */
  legend: string;
}

/** One graph: what it shows, and how to read it. */
export interface Panel {
  title: string;
  meaning: string;
  unit: Unit;
  targets: readonly Target[];
}

export interface Dashboard {
  /** the name of its file, and of its page in Grafana */
  id: string;
  title: string;
  panels: readonly Panel[];
}

/** A panel of one query, or of several with their legends. */
export function panel(
  title: string,
  unit: Unit,
  meaning: string,
  queries: string | Readonly<Record<string, string>>,
  legend = '',
): Panel {
  const targets =
    typeof queries === 'string'
      ? [{ query: queries, legend: legend || title }]
      : Object.entries(queries).map(([name, query]) => ({ query, legend: name }));
  return { title, unit, meaning, targets };
}

/** Events a second, of all instances. A counter without samples is 0, not a gap. */
export function rate(counter: string, by?: string): string {
  const sum = `sum${by ? ` by (${by})` : ''} (rate(${counter}[$__rate_interval]))`;
  return `${sum} or vector(0)`;
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
  const name = `teamtalk_${service}`;
  return [
    panel(
      'CPU',
      'percentunit',
      'Cores each instance uses. A Node process has one for its own code: near 1 it is at its limit.',
      `rate(${name}_process_cpu_seconds_total[$__rate_interval])`,
      '{{instance}}',
    ),
    panel(
      'Memory',
      'bytes',
      'Resident memory of each instance. It follows the load and comes back down; a line that only climbs is a leak.',
      `${name}_process_resident_memory_bytes`,
      '{{instance}}',
    ),
    panel(
      'Event loop lag',
      's',
      'How late the process comes to its work, 99 %. Above 50 ms people notice.',
      `${name}_nodejs_eventloop_lag_p99_seconds`,
      '{{instance}}',
    ),
    panel(
      'Round trip to NATS',
      's',
      'Half of the round trips, looked at twice a second: a slow one is a busy NATS, network or process.',
      `histogram_quantile(0.5, sum by (le, instance) (rate(${name}_bus_round_trip_seconds_bucket[5m])))`,
      '{{instance}}',
    ),
    panel(
      'Events lost or failed',
      'ops',
      'Events dropped while NATS was away, events whose handling failed, and what NATS refused for lack of permission. Messages are not among them: they wait in the outbox.',
      {
        dropped: rate(`${name}_bus_dropped_total`),
        failed: rate(`${name}_bus_failed_total`),
        refused: rate(`${name}_bus_refused_total`),
      },
    ),
  ];
}
