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

/** How long a question waits until somebody answers it again. */
async function untilAnswered(asker: Bus): Promise<void> {
  await waitUntil(() => asker.request(topics.storedBatch(1), {}, 250).then(() => true), {
    timeoutMs: 20_000,
    what: 'answered',
  });
}

// Whoever is given one address learns the others' from the server.
test.each(['one address', 'all addresses'])(
  'a server that is killed is left for another (%s)',
  async (given) => {
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
  },
);

test('a server that falls silent is left before anybody is taken for dead', async () => {
  const asker = await connect(nats.urls[1]!);
  const answering = await connect(nats.urls[0]!);
  answering.answer(topics.storedBatch(1), () => ({}));
  await untilAnswered(asker);
  let reconnects = 0;
  answering.onReconnect(() => reconnects++);
  const begun = performance.now();
  nats.signal(0, 'SIGSTOP');
  try {
    await waitUntil(() => reconnects === 1, { timeoutMs: 28_000, what: 'connected to another one' });
    await untilAnswered(asker);
    console.log(performance.now() - begun);
    expect(performance.now() - begun).toBeLessThan(8_000);
  } finally {
    nats.signal(0, 'SIGCONT');
  }
});

test('a question to any of several waits while all of them change their server', async () => {
  const asker = await connect(nats.urls[1]!);
  const asked = asker.request(topics.presenceQuery, { userIds: [] }, 10_000);
  const answering = await connect(nats.urls[2]!);
  answering.answer(topics.presenceQuery, () => ({ status: [] }), { queue: 'route_server' });
  await expect(asked).resolves.toBeDefined();
});

test('a process that was stopped itself keeps its connection', async () => {
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
