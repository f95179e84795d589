import { costs, cpuPerMessage, messageSlope, type Slope, slopeOf } from '@teamtalk/cli/plan';
import { repeat } from './scenarios.js';
import { type Run, type ServiceTimes, today } from './service-times.js';

/** The fields that the comparison needs of the results.json of `npm run bench`. */
export interface MeasuredReport {
  machine: { cpu: string; cores: number };
  baseline: { fsyncMs: { p50: number }; rows: { perSecond: number } };
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

/** Largest error of a prediction that is acceptable. */
export const errorLimit = 0.2;
/** The simulator does not model how processes slow each other down on machines busier than this. */
const busyLimit = 0.7;

/** A measured figure and its prediction. */
interface Comparison {
  run: string;
  /** `plan`: what `teamtalk plan` says with this machine's --core-speed; `growth`: the same with costs measured on this machine */
  by: 'plan' | 'growth' | 'simulator';
  figure: string;
  measured: number;
  predicted: number;
  /** relative to the measured figure: 0.1 means 10 % too high */
  error: number;
  /** whether the error should be within the limit: the figure is one that the model covers */
  isCovered: boolean;
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
 * Predicts the runs with several replicas: CPU time by `teamtalk plan`, and from costs that are derived, as its own are, from
 * the two rates measured with one of each service; utilisation and latency by what the simulator, from the latter costs, says replicas add. All runs
 * must come from the same machine and version.
 * @throws Error when a scenario is missing or failed, or the machine does not have the two cores that are simulated
 */
export function compareWithRuns(report: MeasuredReport): Comparison[] {
  const { cores } = report.machine;
  if (cores !== 2) throw new Error(`runs are simulated on two cores, and were measured on ${cores}`);
  const [slow] = pointsOf(report, costScenarios.slow);
  const [fast] = pointsOf(report, costScenarios.fast);
  const slopes = slopesOf(slow!, fast!);
  const besideSimulator = simulatorBeside(slow!, timesOf(report, slow!, slopes));
  const coreSpeed = report.baseline.rows.perSecond / costs.rowFloor.perSecond;
  const planned = eachReported((name) => scaled(messageSlope(processes[name]), 1 / coreSpeed));
  return Object.entries(growthScenarios).flatMap(([replicas, scenario]) =>
    pointsOf(report, scenario).flatMap((point) => {
      const count = { msgServers: 1, dbProxies: 1, [replicas]: point.x };
      const run = `${scenario} ${point.x}`;
      return [
        ...cpuBeside('plan', run, point, count, planned),
        ...cpuBeside('growth', run, point, count, slopes),
        ...besideSimulator(run, point, count),
      ];
    }),
  );
}

/** The comparisons whose error is too large. */
export function beyondLimit(comparisons: readonly Comparison[]): Comparison[] {
  return comparisons.filter(({ error, isCovered }) => isCovered && Math.abs(error) > errorLimit);
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

function cpuBeside(
  by: Comparison['by'],
  run: string,
  point: Point,
  count: Count,
  slopes: Slopes,
): Comparison[] {
  // As in plan.ts: each service makes transactions of its own, PostgreSQL those of the db_proxy_servers.
  const sources: Record<Reported, number> = {
    msg_server: count.msgServers,
    db_proxy_server: count.dbProxies,
    route_server: 1,
    nats: 1,
    postgres: count.dbProxies,
  };
  const predicted = (name: Reported) => cpuPerMessage(slopes[name], rateOf(point), sources[name]);
  const sum = (figure: (name: Reported) => number) =>
    reported.reduce((total, name) => total + figure(name), 0);
  const measured = (name: Reported) => point.microseconds[name] ?? 0;
  return [
    ...(['msg_server', 'db_proxy_server', 'postgres'] as const).map((name) =>
      comparison(run, by, `µs a message, ${name}`, measured(name), predicted(name)),
    ),
    comparison(run, by, 'µs a message, all', sum(measured), sum(predicted)),
  ];
}

/** How busy both cores are, and the latency of acks, milliseconds. */
interface Behaviour {
  busy: number;
  p50: number;
  p99: number;
}

/**
 * @param one the run with one of each. What the simulator does not know of a machine, such as how long a process waits for a core, is in it
 * @returns compares a run with what the simulator says its replicas add to `one`
 */
function simulatorBeside(one: Point, times: ServiceTimes) {
  const without = measuredIn(costScenarios.slow, one);
  const base = simulated(costScenarios.slow, one, { msgServers: 1, dbProxies: 1 }, times);
  return (run: string, point: Point, count: Count): Comparison[] => {
    const measured = measuredIn(run, point);
    const added = simulated(run, point, count, times);
    const beside = (what: keyof Behaviour, figure: string, isCovered: boolean) => {
      const predicted = without[what] + added[what] - base[what];
      return comparison(run, 'simulator', figure, measured[what], predicted, isCovered);
    };
    return [
      beside('busy', 'busy', true),
      beside('p50', 'ack p50, ms', measured.busy < busyLimit),
      beside('p99', 'ack p99, ms', false),
    ];
  };
}

function measuredIn(run: string, point: Point): Behaviour {
  const { ack } = point.result.latency;
  if (!ack) throw new Error(`${run}: the latency of acks was not measured`);
  const all = [...reported, 'generator'].reduce((total, name) => total + (point.microseconds[name] ?? 0), 0);
  return { ...ack, busy: (all * rateOf(point)) / 2e6 };
}

function simulated(run: string, point: Point, count: Count, times: ServiceTimes): Behaviour {
  const described: Run = {
    name: run,
    perSecond: rateOf(point),
    ...count,
    ...measuredIn(run, point),
    source: { page: '', quote: '' },
  };
  const { ack, utilisation } = repeat({ name: run, times, byRouteServer: false, runs: [] }, described);
  return { ...ack, busy: utilisation['the machine']! };
}

function comparison(
  run: string,
  by: Comparison['by'],
  figure: string,
  measured: number,
  predicted: number,
  isCovered = true,
): Comparison {
  return { run, by, figure, measured, predicted, error: predicted / measured - 1, isCovered };
}

function eachReported(slope: (name: Reported) => Slope): Slopes {
  return Object.fromEntries(reported.map((name) => [name, slope(name)])) as Slopes;
}

function scaled({ perTransaction, perMessage }: Slope, factor: number): Slope {
  return { perTransaction: perTransaction * factor, perMessage: perMessage * factor };
}

function slopesOf(slow: Point, fast: Point): Slopes {
  const { transactions: slowly } = costs.message.slow;
  const { transactions: fastly } = costs.message.fast;
  return eachReported((name) =>
    slopeOf(
      { perSecond: rateOf(slow), transactions: slowly, cpu: slow.microseconds[name] ?? 0 },
      { perSecond: rateOf(fast), transactions: fastly, cpu: fast.microseconds[name] ?? 0 },
    ),
  );
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
