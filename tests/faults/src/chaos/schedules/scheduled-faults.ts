import type { Fault } from '../faults/fault.js';
import { drawSchedule } from './draw.js';
import { inject } from './inject.js';
import { Random } from './random.js';
import { recoveries } from './recoveries.js';
import type { Disturbance, LinkName, Process, Schedule } from './schedule.js';

/** @param scheduleOf the schedule of each round */
export function scheduled(
  what: Pick<Fault, 'name' | 'title' | 'rounds'>,
  scheduleOf: (index: number) => Schedule,
): Fault {
  return {
    ...what,
    async inject(testbed, round) {
      await inject(testbed, scheduleOf(round.index), round);
      round.ended();
    },
  };
}

/** A second fault during the recovery from a first one, drawn again for each round. */
export const aimed: readonly Fault[] = recoveries.map(({ name, title, draw }) =>
  scheduled({ name: `aimed-${name}`, title, rounds: 10 }, (index) => draw(new Random(1, index))),
);

/** Just below the services' limits for silence, milliseconds. */
const belowLimits = [1_150, 2_400, 3_400, 3_950];
const paused: readonly Process[] = [
  { name: 'msg_server', k: 0 },
  { name: 'route_server', k: 0 },
  { name: 'db_proxy_server', k: 0 },
  { name: 'postgres', k: 0 },
  { name: 'nats', k: 0 },
];

export const pausesBelowLimits: readonly Fault[] = paused.map((process) =>
  scheduled(
    {
      name: `pause-${process.name}`,
      title: `SIGSTOP of ${process.name} for 1.15, 2.4, 3.4, 3.95 s`,
      rounds: belowLimits.length,
    },
    (index) => [{ do: 'pause', process, ms: belowLimits[index % belowLimits.length]!, at: 0 }],
  ),
);

/** Longer than a connection remembers messages for repeats. */
export const longDoubt: Fault = scheduled(
  {
    name: 'long-doubt',
    title: 'SIGSTOP of PostgreSQL for 33.5 s, clients repeating all the while',
    rounds: 2,
  },
  () => [{ do: 'pause', process: { name: 'postgres', k: 0 }, ms: 33_500, at: 0 }],
);

const ways: readonly LinkName[] = [
  { service: 'msg_server', k: 0, server: 'nats' },
  { service: 'route_server', k: 0, server: 'nats' },
  { service: 'db_proxy_server', k: 0, server: 'nats' },
  { service: 'http_msg_server', k: 0, server: 'nats' },
  { service: 'db_proxy_server', k: 0, server: 'postgres' },
  { service: 'db_proxy_server', k: 0, server: 'grpc' },
];
const oneWay: readonly Disturbance[] = ['block-to-server', 'block-from-server'];

export const oneWayPartitions: readonly Fault[] = oneWay.map((how) =>
  scheduled(
    {
      name: how,
      title: `nothing gets ${how === 'block-to-server' ? 'to' : 'from'} NATS, PostgreSQL, a db_proxy_server for 6 s`,
      rounds: ways.length,
    },
    (index) => [{ do: 'link', link: ways[index % ways.length]!, how, ms: 6_000, at: 0 }],
  ),
);

/** Around the time after which callers send again elsewhere (gRPC keepalive), milliseconds: first attempts come after that. */
const callerSilences = [3_500, 3_950, 4_500];

export const blockedCallers: Fault = scheduled(
  {
    name: 'block-callers',
    title: 'nothing between a db_proxy_server and its callers for 3.5 to 4.5 s, then all of it',
    rounds: callerSilences.length,
  },
  (index) => [
    {
      do: 'link',
      link: { service: 'db_proxy_server', k: 0, server: 'grpc' },
      how: 'block',
      ms: callerSilences[index % callerSilences.length]!,
      at: 0,
    },
  ],
);

const stepped = ['msg_server', 'route_server', 'db_proxy_server', 'http_msg_server'] as const;

export const clockSteps: Fault = scheduled(
  { name: 'clock-steps', title: 'a clock steps by an hour, and back after 4 s', rounds: stepped.length * 2 },
  (index) => [{ do: 'clock', process: { name: stepped[index % stepped.length]!, k: 0 }, ms: 4_000, at: 0 }],
);

/** A clock is wrong while its process connects to NATS, and right again when it next loses NATS. */
export const natsLostAfterClockStep: Fault = scheduled(
  {
    name: 'clock-nats',
    title: 'NATS lost while a clock is an hour off, and again once it is right',
    rounds: stepped.length * 2,
  },
  (index) => {
    const name = stepped[index % stepped.length]!;
    const loss = { do: 'link', link: { service: name, k: 0, server: 'nats' }, how: 'cut', ms: 300 } as const;
    return [
      { do: 'clock', process: { name, k: 0 }, ms: 3_000, at: 0 },
      { ...loss, at: 500 },
      { ...loss, at: 4_500 },
    ];
  },
);

/** @param seed of the schedules, one a round */
export function overlapping(seed: number): Fault {
  return scheduled({ name: 'overlap', title: `overlapping faults, seed ${seed}`, rounds: 10 }, (index) =>
    drawSchedule(seed, index),
  );
}
