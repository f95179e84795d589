import { disturbances, k, msg, nats, pause, pauseMs, proxy, route, spanMs, store, when } from './parts.js';
import type { Random } from './random.js';
import type { Step } from './schedule.js';

/** Draws a fault, and another one aimed at the recovery from it. */
type DrawRecovery = (random: Random) => Step[];

/** New route_servers ask which msg_servers there are while one cannot answer. */
const discovery: DrawRecovery = (random) => {
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

/** The same in an upgrade: route_servers stop gracefully, one after the other, while a msg_server is suspended. */
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

/** A stored message is acknowledged by another db_proxy_server; then PostgreSQL does not answer. */
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

/** The db_proxy_server that takes over a dead one's outbox rows is suspended, or dies too. */
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

/** route_servers that reconnect to NATS ask for snapshots, which a msg_server cannot send. */
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

/** All clients of a msg_server log in elsewhere while a route_server that has to learn of it is down. */
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

/** A db_proxy_server starts while PostgreSQL stops or starts. */
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
    title: 'kill -9 of route_servers, a msg_server stops during discovery',
    draw: discovery,
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
  { name: 'snapshot', title: 'NATS is interrupted, a msg_server is down when it is back', draw: snapshot },
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
