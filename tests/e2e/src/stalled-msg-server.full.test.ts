import { topics } from '@teamtalk/bus';
import { TestCluster } from '@teamtalk/cluster';
import { FaultProxy, waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { StreamOfMessages } from './stream-of-messages.js';

/** How long a route_server that starts listens for others, milliseconds. */
const discoveryMs = 300;

const ways: FaultProxy[] = [];
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    msg_server: 2,
    route_server: 2,
    // Each prefers one of the route_servers: the new one gets messages too.
    db_proxy_server: 3,
    env: { ROLL_CALL_MS: String(discoveryMs) },
  });
});
afterAll(async () => {
  await cluster?.stop();
  for (const way of ways) await way.close();
});

let streams: StreamOfMessages[] = [];
let round = 0;
beforeEach(async () => {
  round++;
  const count = Array.from({ length: 20 }, (_, i) => i);
  streams = await Promise.all(
    count.map((i) => StreamOfMessages.between(cluster, `from${round}.${i}`, `to${round}.${i}`)),
  );
});

/** Starts a new route_server, and stops the receivers' msg_server at the moment when the new one reaches NATS. */
async function restartBesideStall(k: number): Promise<{ restarted: Promise<void> }> {
  const { hostname: host, port } = new URL(cluster.nats.url);
  let hasDialled = false;
  const way = await FaultProxy.start(() => {
    hasDialled = true;
    return [{ host, port: Number(port) }];
  });
  ways.push(way);
  way.block();
  const restarted = cluster.restart('route_server', k, { NATS_URL: `nats://127.0.0.1:${way.port}` });
  await waitUntil(() => hasDialled, { what: 'the new route_server dials NATS' });
  await cluster.kill('msg_server', 1, 'SIGSTOP');
  way.restore();
  return { restarted };
}

async function everythingCame(): Promise<void> {
  const missing = () => streams.reduce((sum, stream) => sum + stream.missing.length, 0);
  await waitUntil(() => missing() === 0, {
    timeoutMs: 20_000,
    what: 'all that was acknowledged is delivered',
  });
  expect(streams.map(({ acked }) => acked.length)).toEqual(streams.map(() => 1));
  expect(streams.every(({ isInOrder }) => isInOrder)).toBe(true);
}

test('both route_servers killed, and a msg_server that stalls while the new one starts', async () => {
  await cluster.kill('route_server', 0);
  await cluster.kill('route_server', 1);
  // The new route_server does not know the stalled msg_server, and no other can tell it.
  const { restarted } = await restartBesideStall(0);
  await restarted;
  await Promise.all(streams.map((stream) => stream.send()));
  await cluster.settle();
  await cluster.kill('msg_server', 1, 'SIGCONT');
  await everythingCame();
  await cluster.restart('route_server', 1);
});

test('one route_server restarted beside a msg_server that stalls: no client is disconnected', async () => {
  const { instance } = cluster.node('msg_server', 1);
  let isAsked = false;
  const questions = cluster.bus.subscribe(topics.presenceSnapshot(instance), () => {
    isAsked = true;
  });
  await cluster.kill('route_server', 0);
  const { restarted } = await restartBesideStall(0);
  await Promise.race([restarted, waitUntil(() => isAsked, { what: 'its sessions are asked for' })]);
  await Promise.all(streams.map((stream) => stream.send()));
  await cluster.kill('msg_server', 1, 'SIGCONT');
  await restarted;
  questions.unsubscribe();
  await everythingCame();
  expect(streams.map(({ breaks }) => breaks)).toEqual(streams.map(() => 0));
});
