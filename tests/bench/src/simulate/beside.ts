import { costs, type Slope, slopeOf } from '@teamtalk/cli/plan';
import { repeat } from './scenarios.js';
import { type Run, type ServiceTimes, today } from './service-times.js';

/** The fields that the comparison needs of the results.json of `npm run bench`. */
export interface MeasuredReport {
  machine: { cpu: string; cores: number };
  baseline: { fsyncMs: { p50: number } };
  scenarios: {
    name: string;
    error?: string;
    points: {
      x: number;
      /** CPU time per message, by process */
      microseconds: Record<string, number>;
      result: { rates: Record<string, number>; latency: Record<string, { p50: number; p99: number }> };
    }[];
  }[];
}

/** A measured figure and its prediction by the plan or the simulator. */
interface Comparison {
  run: string;
  by: 'plan' | 'simulator';
  figure: string;
  measured: number;
  predicted: number;
  /** relative to the measured figure: 0.1 means 10 % too high */
  error: number;
}

type Point = MeasuredReport['scenarios'][number]['points'][number];

/** Scenarios the report must contain: the costs are derived from the first two, the last two are predicted. */
export const costScenarios = { slow: 'p2p-5k', fast: 'p2p-20k' } as const;
export const growthScenarios = { msgServers: 'grow-msg-servers', dbProxies: 'grow-db-proxies' } as const;

/** The plan's name of each process, by its name in the report. */
const processes = {
  msg_server: 'msg_server',
  db_proxy_server: 'db_proxy_server',
  route_server: 'route_server',
  nats: 'nats',
  postgres: 'postgresql',
} as const;
type Reported = keyof typeof processes;
const reported = Object.keys(processes) as Reported[];

/**
 * Derives the costs from the two rates measured with one of each service, as `teamtalk plan` does, and predicts the runs
 * with several replicas from them: the plan predicts CPU time, the simulator utilisation and latency. All runs must come
 * from the same machine and version.
 * @throws Error when a scenario is missing or failed, or the machine does not have the two cores that are simulated
 */
export function compareWithRuns(report: MeasuredReport): Comparison[] {
  const { cores } = report.machine;
  if (cores !== 2) throw new Error(`runs are simulated on two cores, and were measured on ${cores}`);
  const [slow] = pointsOf(report, costScenarios.slow);
  const [fast] = pointsOf(report, costScenarios.fast);
  const slopes = slopesOf(slow!, fast!);
  const times = timesOf(report, slow!, slopes);
  return Object.entries(growthScenarios).flatMap(([replicas, scenario]) =>
    pointsOf(report, scenario).flatMap((point) => {
      const count = { msgServers: 1, dbProxies: 1, [replicas]: point.x };
      const run = `${scenario} ${point.x}`;
      return [...besidePlan(run, point, count, slopes), ...besideSimulator(run, point, count, times)];
    }),
  );
}

/** The largest error of each predicted figure. */
export function largestErrors(comparisons: readonly Comparison[]): [what: string, error: number][] {
  const largest = new Map<string, number>();
  for (const { by, figure, error } of comparisons) {
    const what = `${by}, ${figure}`;
    if (Math.abs(error) >= Math.abs(largest.get(what) ?? 0)) largest.set(what, error);
  }
  return [...largest];
}

interface Count {
  msgServers: number;
  dbProxies: number;
}
type Slopes = Record<Reported, Slope>;

function besidePlan(run: string, point: Point, count: Count, slopes: Slopes): Comparison[] {
  const rate = rateOf(point);
  // As in plan.ts: a service that runs its own transactions runs them once per replica, PostgreSQL once per db_proxy_server.
  const replicas: Record<Reported, number> = {
    msg_server: count.msgServers,
    db_proxy_server: count.dbProxies,
    route_server: 1,
    nats: 1,
    postgres: count.dbProxies,
  };
  const predicted = (name: Reported) => {
    const { perTransaction, perMessage } = slopes[name];
    const transactions = Math.min(rate / replicas[name], costs.message.slow.transactions) * replicas[name];
    return (transactions * perTransaction) / rate + perMessage;
  };
  const sum = (figure: (name: Reported) => number) =>
    reported.reduce((total, name) => total + figure(name), 0);
  const measured = (name: Reported) => point.microseconds[name] ?? 0;
  return [
    ...(['msg_server', 'db_proxy_server', 'postgres'] as const).map((name) =>
      comparison(run, 'plan', `µs a message, ${name}`, measured(name), predicted(name)),
    ),
    comparison(run, 'plan', 'µs a message, all', sum(measured), sum(predicted)),
  ];
}

function besideSimulator(run: string, point: Point, count: Count, times: ServiceTimes): Comparison[] {
  const perSecond = rateOf(point);
  const { ack } = point.result.latency;
  if (!ack) throw new Error(`${run}: the latency of acks was not measured`);
  const all = [...reported, 'generator'].reduce((total, name) => total + (point.microseconds[name] ?? 0), 0);
  const described: Run = {
    name: run,
    perSecond,
    ...count,
    ...ack,
    busy: 0,
    source: { page: '', quote: '' },
  };
  const outcome = repeat({ name: run, times, byRouteServer: false, runs: [] }, described);
  return [
    comparison(run, 'simulator', 'busy', (all * perSecond) / 2e6, outcome.utilisation['the machine']!),
    comparison(run, 'simulator', 'ack p50, ms', ack.p50, outcome.ack.p50),
    comparison(run, 'simulator', 'ack p99, ms', ack.p99, outcome.ack.p99),
  ];
}

function comparison(
  run: string,
  by: Comparison['by'],
  figure: string,
  measured: number,
  predicted: number,
): Comparison {
  return { run, by, figure, measured, predicted, error: predicted / measured - 1 };
}

function slopesOf(slow: Point, fast: Point): Slopes {
  const { transactions: slowly } = costs.message.slow;
  const { transactions: fastly } = costs.message.fast;
  const slope = (name: Reported) =>
    slopeOf(
      { perSecond: rateOf(slow), transactions: slowly, cpu: slow.microseconds[name] ?? 0 },
      { perSecond: rateOf(fast), transactions: fastly, cpu: fast.microseconds[name] ?? 0 },
    );
  return Object.fromEntries(reported.map((name) => [name, slope(name)])) as Slopes;
}

/** The measured machine's service times. What the two runs cannot show is `today`'s, scaled by the cost of a message. */
function timesOf({ baseline }: MeasuredReport, slow: Point, slopes: Slopes): ServiceTimes {
  const sum = (figures: readonly number[]) => figures.reduce((total, each) => total + each, 0);
  const here = sum(reported.map((name) => slow.microseconds[name] ?? 0));
  const speed = here / sum(Object.values(costs.message.slow.cpu));
  const { flush, frame, groupDelivery } = today.times;
  // Stretches today's distribution to the measured median.
  const longer = (baseline.fsyncMs.p50 * 1_000) / (flush.least + (flush.mean - flush.least) * Math.LN2);
  return {
    msg_server: slopes.msg_server,
    db_proxy_server: slopes.db_proxy_server,
    route_server: slopes.route_server,
    nats: slopes.nats,
    postgresql: slopes.postgres,
    client: slow.microseconds.generator ?? today.times.client,
    groupDelivery: groupDelivery * speed,
    frame: frame * speed,
    flush: { least: flush.least * longer, mean: flush.mean * longer },
  };
}

function pointsOf({ scenarios }: MeasuredReport, name: string): Point[] {
  const scenario = scenarios.find((each) => each.name === name);
  if (!scenario) throw new Error(`${name} was not measured: npm run bench -- ${scenarioNames.join(' ')}`);
  if (scenario.error !== undefined || scenario.points.length === 0)
    throw new Error(`${name} failed: ${scenario.error ?? 'it has no points'}`);
  return scenario.points;
}

const scenarioNames = [...Object.values(costScenarios), ...Object.values(growthScenarios)];

function rateOf({ result }: Point): number {
  return result.rates.acked ?? 0;
}
