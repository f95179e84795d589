import type { Point, Scenario, ScenarioContext } from '../scenario.js';
import { storeMessages } from '../stored-messages.js';

/** A rate that the smallest shape carries easily, so that CPU a message can be compared. */
const rate = 5_000;

async function p2p({ load, quick }: ScenarioContext, users: number, options: { rate?: number } = {}) {
  return load('p2p', {
    users,
    rate: (options.rate ?? rate) / (quick ? 20 : 1),
    seconds: quick ? 2 : 15,
    warmup: quick ? 1 : 4,
    verify: true,
    concurrency: 200,
  });
}

const msgServers: Scenario = {
  name: 'grow-msg-servers',
  title: `1, 2 and 3 msg_servers, ${rate} messages/s, 1,200 connections spread over them`,
  axis: 'msg_servers',
  run: async (context) => {
    await context.cluster.haveUsers('u', 1_200);
    const points: Point[] = [];
    for (const count of [1, 2, 3]) {
      await context.reshape({ counts: { msg_server: count } });
      // Pairs are 1 and 2, 3 and 4 ...: with several servers, the two users of a pair are on different ones.
      const result = await p2p(context, context.quick ? 120 : 1_200);
      points.push({ x: count, label: `${count}`, result });
    }
    return points;
  },
};

const dbProxies: Scenario = {
  name: 'grow-db-proxies',
  title: `1, 2 and 3 db_proxy_servers, ${rate} messages/s`,
  axis: 'db_proxy_servers',
  run: async (context) => {
    await context.cluster.haveUsers('u', 1_200);
    const points: Point[] = [];
    for (const count of [1, 2, 3]) {
      await context.reshape({ counts: { db_proxy_server: count } });
      points.push({ x: count, label: `${count}`, result: await p2p(context, context.quick ? 120 : 1_200) });
    }
    return points;
  },
};

const connections: Scenario = {
  name: 'grow-connections',
  title: `100 to 20,000 connections, ${rate} messages/s in all`,
  axis: 'connections',
  run: async (context) => {
    const most = Math.min(20_000, context.maxConnections - (context.maxConnections % 2));
    const points: Point[] = [];
    for (const count of context.quick ? [20, 200] : [100, 1_000, 5_000, 10_000, most]) {
      await context.cluster.haveUsers('u', count);
      points.push({ x: count, label: count.toLocaleString('en-US'), result: await p2p(context, count) });
    }
    return points;
  },
};

const members: Scenario = {
  name: 'grow-members',
  title: 'groups of 2 to 2,000 members, 50,000 deliveries/s in all',
  axis: 'members',
  run: async ({ cluster, load, quick }) => {
    await cluster.haveUsers('u', 2_000);
    const points: Point[] = [];
    for (const size of quick ? [2, 20] : [2, 10, 50, 200, 1_000, 2_000]) {
      const deliveries = quick ? 500 : Math.min(50_000, 10_000 * (size - 1));
      const result = await load('group', {
        users: quick ? 40 : 2_000,
        'group-size': size,
        senders: Math.min(size, 10),
        rate: Math.ceil(deliveries / (size - 1)),
        seconds: quick ? 2 : 10,
        warmup: quick ? 1 : 3,
        receipts: 'none',
        verify: true,
        concurrency: 200,
      });
      points.push({ x: size, label: size.toLocaleString('en-US'), result });
    }
    return points;
  },
};

const stored: Scenario = {
  name: 'grow-stored',
  title: `${rate} messages/s into tables of more and more messages`,
  axis: 'million messages stored before',
  run: async (context) => {
    const { cluster, say, quick } = context;
    const pairs = quick ? 60 : 600;
    await cluster.haveUsers('u', pairs * 2);
    const steps = quick ? [0, 50_000] : [0, context.stored / 10, context.stored];
    const points: Point[] = [];
    const [before] = await cluster.sql<{ rows: number }>(
      'SELECT coalesce(sum(reltuples), 0)::float8 AS rows FROM pg_class WHERE relname LIKE $1 AND relkind = $2',
      ['message\\_p%', 'r'],
    );
    let have = Math.max(0, before?.rows ?? 0);
    for (const wanted of steps) {
      if (wanted > have) {
        await storeMessages(cluster, { prefix: 'u', pairs, total: wanted - have, say });
        have = wanted;
      }
      const result = await p2p(context, pairs * 2);
      points.push({ x: have / 1e6, label: `${(have / 1e6).toFixed(1)}`, result });
    }
    return points;
  },
};

/** How much one installation carries at most. */
const limit: Scenario = {
  name: 'p2p-limit',
  title: 'more and more messages/s between 2,000 connections, until the ack p99 is above 100 ms',
  axis: 'messages/s wanted',
  run: async (context) => {
    await context.cluster.haveUsers('u', 2_000);
    const points: Point[] = [];
    for (const wanted of [2_500, 5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000, 40_000]) {
      const result = await p2p(context, context.quick ? 200 : 2_000, { rate: wanted });
      points.push({ x: wanted, label: wanted.toLocaleString('en-US'), result });
      if ((result.latency.ack?.p99 ?? 0) > 100) break;
    }
    return points;
  },
};

export const growthScenarios: readonly Scenario[] = [
  limit,
  msgServers,
  dbProxies,
  connections,
  members,
  stored,
];
