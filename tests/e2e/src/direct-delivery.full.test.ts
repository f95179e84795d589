import { TestCluster } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { StreamOfMessages } from './stream-of-messages.js';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    msg_server: 2,
    route_server: 2,
    db_proxy_server: 2,
  });
});
afterAll(() => cluster?.stop());

let streams: StreamOfMessages[] = [];
let round = 0;
beforeEach(async () => {
  round++;
  const count = Array.from({ length: 12 }, (_, i) => i);
  streams = await Promise.all(
    count.map((i) => StreamOfMessages.between(cluster, `from${round}.${i}`, `to${round}.${i}`)),
  );
});

async function ways(labels: Record<string, string>): Promise<number> {
  let batches = 0;
  for (let k = 0; k < 2; k++) {
    batches += await cluster.metric('db_proxy_server', k, 'batches_sent_total', labels);
  }
  return batches;
}

const direct = () => ways({ way: 'direct' });

/** Those that a route_server sent, but not because NATS answered late, as it may on a busy machine. */
const inDoubt = async () => (await ways({ way: 'routed' })) - (await ways({ reason: 'lease' }));

async function untilDirect(): Promise<void> {
  const before = await direct();
  await waitUntil(async () => (await direct()) > before, {
    timeoutMs: 20_000,
    what: 'messages go to msg_servers directly',
  });
}

async function everythingCame(): Promise<void> {
  await Promise.all(streams.map((stream) => stream.stop()));
  const missing = () => streams.reduce((sum, stream) => sum + stream.missing.length, 0);
  await waitUntil(() => missing() === 0, { timeoutMs: 20_000, what: 'all that was acknowledged came' });
  expect(streams.every(({ isInOrder }) => isInOrder)).toBe(true);
  expect(streams.every(({ acked }) => acked.length > 0)).toBe(true);
}

test('without a fault every batch goes directly once the sessions are known', async () => {
  for (const stream of streams) stream.start(20);
  await untilDirect();
  const doubts = await inDoubt();
  const before = await direct();
  await waitUntil(async () => (await direct()) > before + 100, { what: 'a hundred batches' });
  expect(await inDoubt()).toBe(doubts);
  await everythingCame();
});

test.each([
  ['db_proxy_server', 'SIGKILL'],
  ['route_server', 'SIGKILL'],
  ['msg_server', 'SIGKILL'],
  ['db_proxy_server', 'SIGSTOP'],
  ['msg_server', 'SIGSTOP'],
] as const)('a %s that gets %s: everything comes once and in order', async (service, signal) => {
  for (const stream of streams) stream.start(20);
  await untilDirect();
  await cluster.kill(service, 1, signal);
  const newcomers = StreamOfMessages.between(cluster, `late-from${round}`, `late-to${round}`).catch(
    () => undefined,
  );
  const acked = () => streams.reduce((sum, stream) => sum + stream.acked.length, 0);
  const before = acked();
  await waitUntil(() => acked() > before + 400, { timeoutMs: 30_000, what: 'messages beside the fault' });
  if (signal === 'SIGSTOP') await cluster.kill(service, 1, 'SIGCONT');
  else await cluster.restart(service, 1);
  const late = await newcomers;
  if (late) {
    late.start(20);
    streams.push(late);
  }
  await untilDirect();
  await everythingCame();
  await cluster.settle();
});
