import { topics } from '@teamtalk/bus';
import { TestCluster } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { StreamOfMessages } from './stream-of-messages.js';

/** How long a route_server that starts listens for others, milliseconds. */
const rollCallMs = 300;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    msg_server: 2,
    route_server: 2,
    env: { ROLL_CALL_MS: String(rollCallMs) },
  });
});
afterAll(() => cluster?.stop());

let streams: StreamOfMessages[] = [];
let round = 0;
beforeEach(async () => {
  round++;
  const count = Array.from({ length: 20 }, (_, i) => i);
  streams = await Promise.all(
    count.map((i) => StreamOfMessages.between(cluster, `from${round}.${i}`, `to${round}.${i}`)),
  );
});

/** Starts a new route_server, and stops the receivers' msg_server as soon as the new one is connected to NATS. */
async function restartBesideStall(k: number): Promise<void> {
  let isConnected = false;
  const rollCalls = cluster.bus.subscribe(topics.rollCall, () => {
    isConnected = true;
  });
  const restarted = cluster.restart('route_server', k);
  await waitUntil(() => isConnected, { what: 'the new route_server calls the roll' });
  rollCalls.unsubscribe();
  await cluster.kill('msg_server', 1, 'SIGSTOP');
  return restarted;
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
  // It knows of no msg_server that stalls, and nobody can tell it.
  await restartBesideStall(0);
  await Promise.all(streams.map((stream) => stream.send()));
  await cluster.settle();
  await cluster.kill('msg_server', 1, 'SIGCONT');
  await everythingCame();
  await cluster.restart('route_server', 1);
});

test('one route_server restarted beside a msg_server that stalls: nobody is cut off', async () => {
  const { instance } = cluster.node('msg_server', 1);
  let isAsked = false;
  const questions = cluster.bus.subscribe(topics.presenceSnapshot(instance), () => {
    isAsked = true;
  });
  await cluster.kill('route_server', 0);
  const restarted = restartBesideStall(0);
  await waitUntil(() => cluster.node('msg_server', 1).frozen, { what: 'the msg_server stalls' });
  const sent = Promise.all(streams.map((stream) => stream.send()));
  await Promise.race([restarted, waitUntil(() => isAsked, { what: 'its sessions are asked for' })]);
  await cluster.kill('msg_server', 1, 'SIGCONT');
  await Promise.all([restarted, sent]);
  questions.unsubscribe();
  await everythingCame();
  expect(streams.map(({ breaks }) => breaks)).toEqual(streams.map(() => 0));
});
