import { NatsCluster, waitUntil } from '@teamtalk/local-stack';
import { createKit } from '@teamtalk/service-kit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Bus } from './bus.js';
import { topics } from './subjects.js';

let nats: NatsCluster;
const buses: Bus[] = [];
beforeAll(async () => {
  nats = await NatsCluster.start();
});
afterEach(async () => {
  for (const bus of buses.splice(0)) await bus.drain();
});
afterAll(() => nats?.stop());

async function connect(url: string): Promise<Bus> {
  const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
  const bus = await Bus.connect({ url, prefix: 'test', name: 'test', log, metrics });
  buses.push(bus);
  return bus;
}

/** How long a request waits until a subscriber is back. */
async function untilAnswered(asker: Bus): Promise<void> {
  await waitUntil(() => asker.request(topics.storedBatch(1), {}, 250).then(() => true), {
    timeoutMs: 20_000,
    what: 'answered',
  });
}

// A client configured with one address learns the others from the server.
test.each(['one address', 'all addresses'])('fails over from a killed server (%s)', async (given) => {
  const asker = await connect(nats.urls[1]!);
  const answering = await connect(given === 'one address' ? nats.urls[0]! : nats.url);
  answering.answer(topics.storedBatch(1), () => ({}));
  await untilAnswered(asker);
  let reconnects = 0;
  answering.onReconnect(() => reconnects++);
  await nats.kill(0);
  await untilAnswered(asker);
  if (given === 'one address') expect(reconnects).toBe(1);
  await nats.startServer(0);
});

test('fails over from a silent server before any peer is evicted', async () => {
  const asker = await connect(nats.urls[1]!);
  const answering = await connect(nats.urls[0]!);
  answering.answer(topics.storedBatch(1), () => ({}));
  await untilAnswered(asker);
  let reconnects = 0;
  answering.onReconnect(() => reconnects++);
  const begun = performance.now();
  nats.signal(0, 'SIGSTOP');
  try {
    await waitUntil(() => reconnects === 1, { timeoutMs: 28_000, what: 'failover' });
    await untilAnswered(asker);
    expect(performance.now() - begun).toBeLessThan(8_000);
  } finally {
    nats.signal(0, 'SIGCONT');
  }
});

test('a request to a queue group waits while all members change their server', async () => {
  const asker = await connect(nats.urls[1]!);
  const asked = asker.request(topics.presenceQuery, { userIds: [] }, 10_000);
  const answering = await connect(nats.urls[2]!);
  answering.answer(topics.presenceQuery, () => ({ status: [] }), { queue: 'route_server' });
  await expect(asked).resolves.toBeDefined();
});

test('a suspended process keeps its connection', async () => {
  const bus = await connect(nats.url);
  let left = false;
  bus.onReconnect(() => {
    left = true;
  });
  const end = performance.now() + 2_500;
  while (performance.now() < end);
  await waitUntil(() => bus.responsive, { what: 'heard again' });
  expect([bus.connected, left]).toEqual([true, false]);
});
