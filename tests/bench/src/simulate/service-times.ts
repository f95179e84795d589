import { costs, type Slope, type Source, slopeOf } from '@teamtalk/cli/plan';

/** How long each station takes for a message: microseconds of CPU time unless stated otherwise. */
export interface ServiceTimes {
  msg_server: Slope;
  db_proxy_server: Slope;
  route_server: Slope;
  nats: Slope;
  postgresql: Slope;
  /** the load generator's, for send, ack, delivery and receipt together */
  client: number;
  /** a delivery of a group message beyond the first, with its receipt */
  groupDelivery: number;
  /** db_proxy_server's, per transaction, for each msg_server beyond the first that it sends results and messages to */
  frame: number;
  /** duration of an fdatasync: the minimum and the mean */
  flush: { least: number; mean: number };
}

/** A measured run: the latency of acks, in milliseconds, over all messages offered. */
export interface Run {
  name: string;
  perSecond: number;
  msgServers?: number;
  dbProxies?: number;
  p50: number;
  p99: number;
  /** utilisation of both cores by all processes, load generator included: CPU time per message times the rate */
  busy: number;
  source: Source;
}

/** A two-core machine that ran all services and the load generator, and what was measured on it. */
export interface RecordedMachine {
  name: string;
  times: ServiceTimes;
  /** whether messages went through NATS and a route_server, as they did before decision 16 */
  byRouteServer: boolean;
  runs: Run[];
}

const performance = 'docs/reports/2026-11-25-performance.md';
const overlapping = 'docs/reports/2026-11-26-overlapping-faults.md';

/** The reports give the median, 0.17 ms; the distribution, a minimum plus an exponential rest, is assumed. */
const flush = { least: 130, mean: 188 };

/** The cost per message that two more msg_servers add at 5,000 messages/s, converted to one transaction and one msg_server. */
const frame = ((56.6 - 46.5) * costs.message.slow.perSecond) / costs.message.slow.transactions / 2;

/** The slope of a process, from its CPU time per message at the two rates of `costs`. */
function slopeAt(atSlow: number, atFast: number): Slope {
  const { slow, fast } = costs.message;
  return slopeOf({ ...slow, cpu: atSlow }, { ...fast, cpu: atFast });
}

/** A version that sends messages directly, as the current one does. What was built since costs a message more: see `costs`. */
export const today: RecordedMachine = {
  name: 'AMD EPYC, sent directly',
  byRouteServer: false,
  times: {
    msg_server: slopeAt(43.1, 36.6),
    db_proxy_server: slopeAt(30.2, 7.4),
    route_server: slopeAt(0.3, 0.2),
    nats: slopeAt(0.6, 0.2),
    postgresql: slopeAt(36.4, 14),
    client: 26.1,
    groupDelivery: costs.groupDelivery.cpu,
    frame,
    flush,
  },
  runs: [
    run('p2p-5k', 5_000, [4.0, 13.4], 0.37, overlapping, '| `p2p-5k` | 4.4 → 4.0 | 16.1 → 13.4 |'),
    run('p2p-20k', 20_000, [32.9, 86.7], 0.85, overlapping, '| `p2p-20k` | 38.2 → 32.9 | 115.8 → 86.7 |'),
  ],
};

/** The same machine with the previous version, through NATS and a route_server. */
const before: RecordedMachine = {
  name: 'AMD EPYC, through a route_server',
  byRouteServer: true,
  times: {
    ...today.times,
    msg_server: slopeAt(52.5, 35.7),
    db_proxy_server: slopeAt(38.1, 7.8),
    route_server: slopeAt(16.9, 3.0),
    nats: slopeAt(20.9, 2.8),
    postgresql: slopeAt(38.3, 14.0),
  },
  runs: [
    run('p2p-5k', 5_000, [4.4, 16.1], 0.51, overlapping, '| `p2p-5k` | 4.4 → 4.0 | 16.1 → 13.4 |'),
    run('p2p-20k', 20_000, [38.2, 115.8], 0.89, overlapping, '| `p2p-20k` | 38.2 → 32.9 | 115.8 → 86.7 |'),
  ],
};

/** Another machine with the previous version. */
const xeon: RecordedMachine = {
  name: 'Intel Xeon, through a route_server',
  byRouteServer: true,
  times: {
    ...today.times,
    msg_server: slopeAt(52.5, 31.3),
    db_proxy_server: slopeAt(38.5, 9.8),
    route_server: slopeAt(15.9, 3.9),
    nats: slopeAt(17.0, 3.9),
    postgresql: slopeAt(30.7, 16.0),
    client: 22.1,
  },
  runs: [
    run('p2p-20k', 20_000, [19.7, 93.5], 0.87, performance, '| `p2p-20k` | 19,999/s | 19.7 | 93.5 |'),
    run('p2p-30k', 30_000, [122, 381], 0.93, performance, '| `p2p-30k`, 60 s | 29,988/s | 122 | 381 |'),
  ],
};

/** The slower machine's cost per message relative to `before`, at 5,000/s: all services but the load generator. */
const slower = (58.5 + 46.5 + 20.3 + 26.9 + 42.9) / (52.5 + 38.1 + 16.9 + 20.9 + 38.3);

/** A slower machine, measured with several replicas of a service. */
const several: RecordedMachine = {
  name: 'slower AMD EPYC, through a route_server',
  byRouteServer: true,
  times: timesBy(before.times, slower),
  runs: [
    run('1 msg_server', 5_000, [4.3, 18.9], 0.58, performance, '| 1 msg_server | 4.3 | 18.9 |'),
    {
      ...run('2 msg_servers', 5_000, [4.8, 17.7], 0.68, performance, '| 2 msg_servers | 4.8 | 17.7 |'),
      msgServers: 2,
    },
    {
      ...run('3 msg_servers', 5_000, [6.7, 31.1], 0.83, performance, '| 3 msg_servers | 6.7 | 31.1 |'),
      msgServers: 3,
    },
    {
      ...run(
        '2 db_proxy_servers',
        5_000,
        [6.6, 35.0],
        0.84,
        performance,
        '| 2 db_proxy_servers | 6.6 | 35.0 |',
      ),
      dbProxies: 2,
    },
  ],
};

export const recorded: readonly RecordedMachine[] = [today, before, xeon, several];

/** The sources of those figures in `times` that are not in `costs`. */
export const timesSources: readonly Source[] = [
  {
    page: overlapping,
    quote: '| 16.1 → 13.4 | 52.5 → 43.1 | 38.1 → 30.2 | 16.9 → 0.3 | 20.9 → 0.6 | 38.3 → 36.4 |',
  },
  {
    page: overlapping,
    quote: '| 115.8 → 86.7 | 35.7 → 36.6 | 7.8 → 7.4 | 3.0 → 0.2 | 2.8 → 0.2 | 14.0 → 14.0 |',
  },
  { page: performance, quote: '| at 5,000/s | 52.5 | 38.5 | 15.9 | 17.0 | 30.7 | 31.5 |' },
  { page: performance, quote: '| at 20,000/s | 31.3 | 9.8 | 3.9 | 3.9 | 16.0 | 22.1 |' },
  { page: performance, quote: '| 34.0 | 26.1 | 90 |' },
  { page: performance, quote: '| 1 msg_server | 4.3 | 18.9 | 58.5 | 46.5 | 20.3 | 26.9 | 42.9 | 36.0 |' },
  { page: performance, quote: '| 3 msg_servers | 6.7 | 31.1 | 122 | 56.6 |' },
  { page: performance, quote: 'fdatasync of 8 KiB p50 0.17 ms' },
];

function run(
  name: string,
  perSecond: number,
  [p50, p99]: [number, number],
  busy: number,
  page: string,
  quote: string,
): Run {
  return { name, perSecond, p50, p99, busy, source: { page, quote } };
}

function timesBy(times: ServiceTimes, factor: number): ServiceTimes {
  const slope = ({ perTransaction, perMessage }: Slope): Slope => ({
    perTransaction: perTransaction * factor,
    perMessage: perMessage * factor,
  });
  return {
    ...times,
    msg_server: slope(times.msg_server),
    db_proxy_server: slope(times.db_proxy_server),
    route_server: slope(times.route_server),
    nats: slope(times.nats),
    postgresql: slope(times.postgresql),
    client: times.client * factor,
  };
}
