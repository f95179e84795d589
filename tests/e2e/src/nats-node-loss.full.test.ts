import { TestCluster } from '@teamtalk/cluster';
import { NatsCluster, openInfrastructure, serviceNames, waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StreamOfMessages } from './stream-of-messages.js';

/** More of them on the command line: `NATS_LOSSES=30 npx vitest run tests/e2e/src/nats-node-loss.full.test.ts` */
const losses = Number(process.env.NATS_LOSSES ?? 2);
/** How long acks and deliveries may take, milliseconds. Few losses are run beside other tests, which slow them down. */
const limitMs = { killed: process.env.NATS_LOSSES ? 2_000 : 5_000, frozen: 5_000 };
const pairs = 20;
const pauseMs = 5;

let nats: NatsCluster;
let cluster: TestCluster;
beforeAll(async () => {
  nats = await NatsCluster.start();
  const [first, second] = nats.urls as [string, string];
  const infrastructure = openInfrastructure()!;
  cluster = await TestCluster.start({
    mode: 'processes',
    ...Object.fromEntries(serviceNames.map((service) => [service, 1])),
    msg_server: 2,
    route_server: 2,
    db_proxy_server: 2,
    infrastructure: {
      database: (options) => infrastructure.database(options),
      nats: async () => ({ url: nats.url, prefix: 'test' }),
      close: () => nats.stop(),
    },
    env: { NATS_URL: second },
    // At first the msg_servers are connected to the server that is lost, and all other services to the others.
    envOf: { msg_server: { NATS_URL: first, MESSAGE_RATE: '0' } },
  });
});
afterAll(() => cluster?.stop());

const countStored = () => cluster.sql<{ count: number }>('SELECT count(*)::int AS count FROM message');

/** Makes a server unavailable, and brings it back. */
const faults = {
  killed: { begin: (i: number) => nats.kill(i), end: (i: number) => nats.startServer(i) },
  frozen: {
    begin: (i: number) => nats.signal(i, 'SIGSTOP'),
    end: (i: number) => nats.signal(i, 'SIGCONT'),
  },
};

test.each(['killed', 'frozen'] as const)(
  'a NATS server of three is %s under load: nobody is cut off, nothing is lost',
  {
    timeout: 60_000 + losses * 30_000,
  },
  async (kind) => {
    const streams = await Promise.all(
      Array.from({ length: pairs }, (_, i) =>
        StreamOfMessages.between(cluster, `${kind}${i}`, `to-${kind}${i}`),
      ),
    );
    const [storedBefore] = await countStored();
    const begun = performance.now();
    for (const stream of streams) stream.start(pauseMs);
    const moreAcks = async (count: number) => {
      const goals = streams.map(({ acked }) => acked.length + count);
      await waitUntil(() => streams.every(({ acked }, i) => acked.length >= goals[i]!), {
        timeoutMs: 30_000,
        what: `${count} more acks for each`,
      });
    };
    const total = (each: (stream: StreamOfMessages) => number) =>
      streams.reduce((sum, s) => sum + each(s), 0);
    const longest = (what: 'ack' | 'delivery') =>
      Math.round(Math.max(...streams.map((stream) => stream.longest[what])));
    for (let loss = 0; loss < losses; loss++) {
      await moreAcks(20);
      const lost = loss % 3;
      await faults[kind].begin(lost);
      await moreAcks(20);
      // The last message acknowledged during the fault has been delivered.
      const acked = streams.map((stream) => stream.acked.at(-1)!);
      await waitUntil(() => streams.every(({ received }, i) => received.includes(acked[i]!)), {
        timeoutMs: 30_000,
        what: 'messages come again',
      });
      await faults[kind].end(lost);
      console.log(
        `NATS server ${kind} ${loss + 1}/${losses}: ${total(({ acked }) => acked.length)} acked, ${total(({ failed }) => failed)} failed, ` +
          `longest ack ${longest('ack')} ms, longest delivery ${longest('delivery')} ms, ${total(({ breaks }) => breaks)} cut off`,
      );
    }
    await Promise.all(streams.map((stream) => stream.stop()));
    const perSecond = total(({ acked }) => acked.length) / ((performance.now() - begun) / 1_000);
    console.log(`${Math.round(perSecond)} messages per second`);
    await waitUntil(() => total(({ missing }) => missing.length) === 0, {
      timeoutMs: 20_000,
      what: 'all that was acknowledged is delivered',
    });
    await cluster.settle();
    const [stored] = await countStored();
    expect(stored!.count - storedBefore!.count).toBe(total(({ acked }) => acked.length));
    expect(streams.every(({ isInOrder }) => isInOrder)).toBe(true);
    expect(total(({ failed }) => failed)).toBe(0);
    expect(total(({ breaks }) => breaks)).toBe(0);
    expect(longest('ack')).toBeLessThanOrEqual(limitMs[kind]);
    expect(longest('delivery')).toBeLessThanOrEqual(limitMs[kind]);
    for (const service of cluster.services) {
      const { ready, text } = await cluster.node(service).readiness();
      expect(`${service}: ${ready ? 'ready' : text}`).toBe(`${service}: ready`);
    }
  },
);
