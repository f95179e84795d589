import type { ServiceName } from '@teamtalk/local-stack';
import type { LinkEvent, Server } from '../links.js';
import { Random } from './random.js';
import type { Action, Disturbance, LinkName, Process, Schedule, Step, Trigger } from './schedule.js';

/** Just below and just above the limits that services have for silence, milliseconds. */
const pauses = [1_200, 2_200, 2_400, 2_500, 3_400, 3_500, 4_000, 4_500, 7_000];
/** Faults that come by the clock begin within this time, milliseconds. */
const spanMs = 8_000;
const services = ['msg_server', 'route_server', 'db_proxy_server', 'http_msg_server'] as const;
const disturbances: readonly Disturbance[] = [
  'cut',
  'block',
  'block-to-server',
  'block-from-server',
  'slow',
  'lossy',
];
const replicas = 2;

/**
 * The schedule with number `index` of a seed: one or two recoveries with a fault aimed at each, and a few faults
 * at any time. The same for ever, whatever came before it.
 */
export function drawSchedule(seed: number, index: number): Schedule {
  const random = new Random(seed, index);
  const steps: Step[] = [];
  for (let i = random.between(1, 2); i > 0; i--) steps.push(...random.pick(recoveries).draw(random));
  for (let i = random.between(1, 3); i > 0; i--) {
    steps.push({ ...anyAction(random), at: random.between(0, spanMs) });
  }
  return steps;
}

/** Draws a fault, and another one aimed at the recovery from it. */
type DrawRecovery = (random: Random) => Step[];

/** New route_servers ask who is there while a msg_server cannot answer. */
const rollCall: DrawRecovery = (random) => {
  const at = random.between(0, spanMs);
  const all = random.chance(0.6);
  const first = k(random);
  const killed = all ? [0, 1] : [first];
  return [
    ...killed.map((each): Step => ({ do: 'kill', process: route(each), ms: random.between(0, 400), at })),
    {
      ...pause(msg(k(random)), random.pick([1_200, 2_200, 2_400, 2_500, 3_400])),
      at: when(random, 'route_server', first, 'nats', 'connects', at, 100),
    },
  ];
};

/** The same in an upgrade: one after the other ends in order, beside a msg_server that comes to a stop. */
const rollingRestart: DrawRecovery = (random) => {
  const at = random.between(0, spanMs / 2);
  const stalls = msg(k(random));
  return [0, 1].flatMap((each): Step[] => [
    { do: 'restart', process: route(each), at: at + each * 3_000 },
    {
      ...pause(stalls, random.pick([1_200, 2_200, 2_400])),
      at: when(random, 'route_server', each, 'nats', 'connects', at + each * 3_000, 100),
    },
  ]);
};

/** What is stored is acknowledged by another db_proxy_server; then the store does not answer. */
const gapRepair: DrawRecovery = (random) => {
  const at = random.between(0, spanMs);
  const killed = k(random);
  return [
    {
      do: 'kill',
      process: proxy(killed),
      ms: random.between(0, 3_000),
      at: when(random, 'db_proxy_server', killed, 'postgres', 'appends', at, 0),
    },
    {
      ...pause({ name: 'postgres', k: 0 }, random.pick([3_400, 4_500, 5_500, 7_000])),
      at: when(random, 'db_proxy_server', 1 - killed, 'postgres', 'appended', at, 400),
    },
  ];
};

/** Whoever takes over the rows of a dead db_proxy_server is stopped, or dies too. */
const takeOver: DrawRecovery = (random) => {
  const at = random.between(0, spanMs);
  const killed = k(random);
  const heir = proxy(1 - killed);
  const later = at + random.between(0, 1_500);
  return [
    {
      do: 'kill',
      process: proxy(killed),
      ms: random.between(0, 2_000),
      at: when(random, 'db_proxy_server', killed, 'postgres', 'appends', at, 0),
    },
    random.chance(0.5)
      ? { ...pause(heir, pauseMs(random)), at: later }
      : { do: 'kill', process: heir, ms: random.between(0, 2_000), at: later },
  ];
};

/** route_servers that come back to NATS ask for snapshots, which a msg_server cannot give. */
const snapshot: DrawRecovery = (random) => {
  const at = random.between(0, spanMs);
  const node = k(random);
  const comesBack = k(random);
  const connects = when(random, 'route_server', comesBack, 'nats', 'connects', at, 300);
  return [
    random.chance(0.5)
      ? { do: 'kill', process: nats(random), ms: random.pick([300, 1_000, 3_000]), at }
      : {
          do: 'link',
          link: { service: 'route_server', k: comesBack, server: 'nats' },
          how: 'cut',
          ms: random.pick([300, 1_200, 3_600]),
          at,
        },
    random.chance(0.5)
      ? { ...pause(msg(node), pauseMs(random)), at: connects }
      : {
          do: 'link',
          link: { service: 'msg_server', k: node, server: 'nats' },
          how: random.pick(disturbances),
          ms: pauseMs(random),
          at: connects,
        },
  ];
};

/** All clients of a msg_server log in elsewhere while those who have to hear of it are away. */
const loginWave: DrawRecovery = (random) => {
  const at = random.between(0, spanMs);
  const killed = k(random);
  const hit = route(k(random));
  return [
    { do: 'kill', process: msg(killed), ms: random.between(0, 1_000), at },
    random.chance(0.5)
      ? { ...pause(hit, pauseMs(random)), at: at + random.between(0, 800) }
      : {
          do: 'kill',
          process: hit,
          ms: random.between(0, 1_000),
          at: when(random, 'msg_server', killed, 'nats', 'connects', at, 300),
        },
  ];
};

/** db_proxy_servers start while PostgreSQL stops, or comes up. */
const storeRestart: DrawRecovery = (random) => {
  const at = random.between(0, spanMs);
  const hit = proxy(k(random));
  return [
    random.chance(0.5)
      ? { do: 'kill', process: store(random), ms: random.pick([300, 1_000, 3_000]), at }
      : { ...pause(store(random), pauseMs(random)), at },
    random.chance(0.5)
      ? { do: 'restart', process: hit, at: at + random.between(0, 3_000) }
      : { do: 'kill', process: hit, ms: random.between(0, 500), at: at + random.between(0, 3_000) },
  ];
};

/** Each recovery, by name. */
export const recoveries: readonly { name: string; title: string; draw: DrawRecovery }[] = [
  {
    name: 'roll-call',
    title: 'kill -9 of route_servers, a msg_server stops in the roll call',
    draw: rollCall,
  },
  {
    name: 'rolling-roll-call',
    title: 'route_servers restarted in turn, a msg_server stops each time',
    draw: rollingRestart,
  },
  {
    name: 'gap-repair',
    title: 'kill -9 of a db_proxy_server in a statement, PostgreSQL stops after the retry',
    draw: gapRepair,
  },
  {
    name: 'take-over',
    title: 'kill -9 of a db_proxy_server in a statement, its heir stops or dies',
    draw: takeOver,
  },
  { name: 'snapshot', title: 'NATS breaks off, a msg_server is away when it is back', draw: snapshot },
  {
    name: 'login-wave',
    title: 'kill -9 of a msg_server, a route_server stops or dies in the logins',
    draw: loginWave,
  },
  {
    name: 'store-restart',
    title: 'PostgreSQL stops or dies, a db_proxy_server starts meanwhile',
    draw: storeRestart,
  },
];

/** What is no recovery's. */
function anyAction(random: Random): Action {
  const kind = random.next();
  if (kind < 0.25) return { do: 'kill', process: anyProcess(random), ms: random.between(0, 3_000) };
  if (kind < 0.35) return { do: 'restart', process: { name: random.pick(services), k: k(random) } };
  if (kind < 0.65) return pause(anyProcess(random), pauseMs(random));
  if (kind < 0.95) {
    return { do: 'link', link: anyLink(random), how: random.pick(disturbances), ms: pauseMs(random) };
  }
  return {
    do: 'clock',
    process: { name: random.pick(services), k: k(random) },
    ms: random.between(2_000, 8_000),
  };
}

function anyProcess(random: Random): Process {
  if (random.chance(0.2)) return random.chance(0.5) ? nats(random) : store(random);
  return { name: random.pick(services), k: k(random) };
}

function anyLink(random: Random): LinkName {
  const service = random.pick(services);
  const server = service === 'db_proxy_server' ? random.pick(['nats', 'postgres', 'grpc'] as const) : 'nats';
  return { service, k: k(random), server };
}

/** @param delayMs at most */
function when(
  random: Random,
  service: ServiceName,
  index: number,
  server: Server,
  event: LinkEvent,
  afterMs: number,
  delayMs: number,
): Trigger {
  return { link: { service, k: index, server }, event, afterMs, delayMs: random.between(0, delayMs) };
}

function pause(process: Process, ms: number): Action {
  return { do: 'pause', process, ms };
}

/** One of the lengths, and sometimes a little less or more. */
function pauseMs(random: Random): number {
  return random.pick(pauses) + (random.chance(0.5) ? random.between(-80, 80) : 0);
}

function k(random: Random): number {
  return random.between(0, replicas - 1);
}

/** One of three, where there are as many. */
function nats(random: Random): Process {
  return { name: 'nats', k: random.between(0, 2) };
}

/** The primary, or now and then the standby where there is one. */
function store(random: Random): Process {
  return { name: 'postgres', k: random.chance(0.8) ? 0 : 1 };
}

function msg(index: number): Process {
  return { name: 'msg_server', k: index };
}

function route(index: number): Process {
  return { name: 'route_server', k: index };
}

function proxy(index: number): Process {
  return { name: 'db_proxy_server', k: index };
}
