import { loadBareServer } from '../bare-server.js';
import type { LoadArguments } from '../load-process.js';
import { latencyTarget, type Point, rateTarget, type Scenario, type ScenarioContext } from '../scenario.js';
import { storeMessages } from '../stored-messages.js';

const users = 2_000;

/** Texts of 128 bytes between the pairs of 2,000 users, with every check. */
function p2p({ quick }: ScenarioContext, rate: number, seconds: number): LoadArguments {
  return {
    users: quick ? 200 : users,
    rate: quick ? rate / 10 : rate,
    seconds: quick ? 3 : seconds,
    warmup: quick ? 1 : 5,
    drain: 20,
    size: 128,
    verify: true,
  };
}

function plain(rate: number, seconds: number, p99: number): Scenario {
  const thousands = `${rate / 1_000}`;
  return {
    name: `p2p-${thousands}k`,
    title: `${thousands},000 messages/s between 2,000 connections, stored, acknowledged, delivered`,
    targets: [rateTarget('acked', rate), latencyTarget('ack', 'p99', p99)],
    baseline: 'rows',
    run: async (context) => {
      await context.cluster.haveUsers('u', users);
      return context.load('p2p', p2p(context, rate, seconds));
    },
  };
}

/** From a small company to what two cores carry. */
const allRates = [100, 400, 1_000, 5_000, 20_000, 30_000];

/** The same users at one rate after the other. */
const rates: Scenario = {
  name: 'p2p-rates',
  title: '100 to 30,000 messages/s between 2,000 connections',
  axis: 'messages/s',
  onDemand: true,
  baseline: 'rows',
  run: async (context) => {
    await context.cluster.haveUsers('u', users);
    const points: Point[] = [];
    for (const rate of allRates) {
      points.push({ x: rate, label: `${rate}`, result: await context.load('p2p', p2p(context, rate, 15)) });
    }
    return points;
  },
};

/** The baseline of the other scenarios: mostly the system's reading and writing for both sides. */
const bare: Scenario = {
  name: 'p2p-bare',
  title: 'the same through one bare server in Node, which stores nothing',
  axis: 'messages/s',
  otherServer: true,
  run: async (context) => {
    await context.cluster.leave();
    const points: Point[] = [];
    for (const rate of allRates) {
      const options = { ...p2p(context, rate, 15), verify: false };
      const result = await loadBareServer('message-server', 'p2p', options, context);
      points.push({ x: rate, label: `${rate}`, result });
    }
    return points;
  },
};

const acrossCheckpoint: Scenario = {
  name: 'p2p-checkpoint',
  title: '20,000 messages/s across a checkpoint',
  targets: [rateTarget('acked', 20_000), latencyTarget('ack', 'p99', 50)],
  baseline: 'rows',
  run: async (context) => {
    await context.cluster.haveUsers('u', users);
    const options = p2p(context, 20_000, 30);
    const load = context.load('p2p', options);
    const timer = setTimeout(
      () => {
        context.say('  CHECKPOINT');
        context.cluster.sql('CHECKPOINT').catch((error: unknown) => context.say(String(error)));
      },
      (Number(options.warmup) + Number(options.seconds) / 2) * 1000,
    );
    return load.finally(() => clearTimeout(timer));
  },
};

const whenFull: Scenario = {
  name: 'p2p-full',
  title: '20,000 messages/s with 10 million messages stored before',
  targets: [rateTarget('acked', 20_000), latencyTarget('ack', 'p99', 50)],
  baseline: 'rows',
  run: async (context) => {
    const { cluster, stored, say, quick } = context;
    const pairs = (quick ? 200 : users) / 2;
    await storeMessages(cluster, { prefix: 'u', pairs, total: stored, say });
    return context.load('p2p', p2p(context, 20_000, 30));
  },
};

function group(
  name: string,
  title: string,
  deliveries: number,
  receipts: string,
  options: { groups?: number; env?: Record<string, string>; onDemand?: boolean } = {},
): Scenario {
  const { groups = 2, env, onDemand } = options;
  return {
    name,
    title,
    onDemand,
    shape: env ? { envOf: { msg_server: env } } : undefined,
    targets: [rateTarget('delivered', deliveries), latencyTarget('delivery', 'p99', 100)],
    baseline: 'echo',
    run: async (context) => {
      const { cluster, quick, load } = context;
      await cluster.haveUsers('u', groups * 200);
      const size = quick ? 20 : 200;
      return load('group', {
        users: groups * size,
        'group-size': size,
        senders: 10,
        rate: Math.ceil((quick ? deliveries / 50 : deliveries) / (size - 1)),
        seconds: quick ? 2 : 20,
        warmup: quick ? 1 : 3,
        drain: 20,
        receipts,
        verify: true,
      });
    },
  };
}

/** Groups of 200 in which little is written, by members at one msg_server or at three. */
function quietGroups(name: string, msgServers: number): Scenario {
  return {
    name,
    title: `groups of 200, 10 to 100 messages/s, members at ${msgServers === 1 ? 'one msg_server' : `${msgServers} msg_servers`}`,
    axis: 'messages/s',
    onDemand: true,
    shape: { counts: { msg_server: msgServers } },
    targets: [latencyTarget('delivery', 'p99', 30)],
    run: async ({ cluster, quick, load }) => {
      await cluster.haveUsers('u', 400);
      const points: Point[] = [];
      for (const rate of [10, 40, 100]) {
        const result = await load('group', {
          users: quick ? 40 : 400,
          'group-size': quick ? 20 : 200,
          senders: 10,
          rate,
          seconds: quick ? 2 : 15,
          warmup: quick ? 1 : 3,
          drain: 20,
          receipts: 'received',
          verify: true,
        });
        points.push({ x: rate, label: `${rate}`, result });
      }
      return points;
    },
  };
}

export const messageScenarios: readonly Scenario[] = [
  plain(5_000, 30, 10),
  plain(20_000, 30, 50),
  plain(30_000, 60, 100),
  rates,
  bare,
  acrossCheckpoint,
  group(
    'group-receipts',
    '150,000 deliveries/s in groups of 200, a receipt from every receiver',
    150_000,
    'received',
  ),
  group('group', '500,000 deliveries/s in groups of 200, without receipts', 500_000, 'none'),
  group(
    'group-receipts-10',
    '150,000 deliveries/s as above in 10 groups (2,000 connections)',
    150_000,
    'received',
    {
      groups: 10,
      onDemand: true,
    },
  ),
  quietGroups('group-quiet', 1),
  quietGroups('group-quiet-3', 3),
  group('group-10', '500,000 deliveries/s as above in 10 groups (2,000 connections)', 500_000, 'none', {
    groups: 10,
    onDemand: true,
  }),
  whenFull,
];
