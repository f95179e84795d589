import { FaultProxy, type TestNats, testNats, waitUntil } from '@teamtalk/local-stack';
import { createKit, createLogger, Metrics, readMetrics, sumOf, TeamTalkError } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Bus } from './bus.js';
import { NobodyListensError } from './request-error.js';
import { type Codec, topics } from './subjects.js';

let nats: TestNats;
let bus: Bus;
let proxy: FaultProxy;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  nats = await testNats();
  proxy = await startProxy();
  bus = await connectThrough([proxy]);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startProxy(): Promise<FaultProxy> {
  const { hostname, port } = new URL(nats.url);
  const started = await FaultProxy.start(() => [{ host: hostname, port: Number(port) }]);
  closing.push(() => started.close());
  return started;
}

async function connectThrough(proxies: readonly FaultProxy[], relaxed = false): Promise<Bus> {
  const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
  const url = proxies.map(({ port }) => `nats://127.0.0.1:${port}`).join(',');
  const connected = await Bus.connect({ ...nats, url, name: 'test', log, metrics, relaxed });
  closing.push(() => connected.drain());
  return connected;
}

test('is stable from the start, and again once every process had time to reconnect to NATS', async () => {
  expect([bus.connected, bus.stable]).toEqual([true, true]);
  proxy.cut();
  await waitUntil(() => !bus.connected, { what: 'connection lost' });
  expect(bus.stable).toBe(false);
  const since = performance.now();
  proxy.restore();
  await waitUntil(() => bus.connected, { what: 'connected again' });
  expect(bus.stable).toBe(false);
  await waitUntil(() => bus.stable, { timeoutMs: 20_000, what: 'settled' });
  expect(performance.now() - since).toBeGreaterThanOrEqual(5_000);
});

test('reconnects at once although the wall clock was set back by an hour after the last reconnect', async () => {
  const hourMs = 3_600_000;
  const lose = async () => {
    proxy.cut();
    await waitUntil(() => !bus.connected, { what: 'connection lost' });
    proxy.restore();
    await waitUntil(() => bus.connected, { timeoutMs: 5_000, what: 'connected again' });
  };
  const now = Date.now.bind(Date);
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + hourMs);
  closing.push(async () => clock.mockRestore());
  await lose();
  clock.mockRestore();
  await lose();
});

test('is not responsive while NATS is silent, though connected', async () => {
  expect(bus.responsive).toBe(true);
  proxy.block();
  await waitUntil(() => !bus.responsive, { what: 'silence detected' });
  expect([bus.connected, bus.stable]).toEqual([true, true]);
  proxy.restore();
  await waitUntil(() => bus.responsive, { what: 'heard again' });
});

test('probes NATS twice a second, or once a second outside the message path', async () => {
  const begun = performance.now();
  const probes = async (relaxed: boolean) => {
    const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
    const probing = await Bus.connect({ ...nats, name: 'test', log, metrics, relaxed });
    closing.push(() => probing.drain());
    return async () =>
      sumOf(readMetrics(await metrics.registry.metrics()), 'teamtalk_test_bus_round_trip_seconds_count', {});
  };
  const [strict, relaxed] = await Promise.all([probes(false), probes(true)]);
  await waitUntil(async () => (await strict()) >= 8, { what: 'eight probes' });
  expect(await relaxed()).toBeGreaterThanOrEqual(3);
  const seconds = (performance.now() - begun) / 1_000;
  expect(await relaxed()).toBeLessThanOrEqual(Math.floor(seconds) + 1);
  expect(await strict()).toBeGreaterThan(seconds + 1);
});

test('after a flush everything that NATS had before it is handled', async () => {
  const nats = await testNats();
  const connect = () => {
    const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
    return Bus.connect({ ...nats, name: 'test', log, metrics });
  };
  const sender = await connect();
  const receiver = await connect();
  let handled = 0;
  receiver.subscribe(topics.discovery, () => void handled++);
  await receiver.flush();
  for (let i = 0; i < 5_000; i++) sender.publish(topics.discovery, { service: 'x'.repeat(500) });
  await sender.flush();
  await receiver.flush();
  expect(handled).toBe(5_000);
  await Promise.all([sender.drain(), receiver.drain()]);
});

test('events that do not parse are counted and ignored, and logged once a minute for each subject', async () => {
  const nats = await testNats();
  const lines: { level: string; msg: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLogger({ service: 'test', instance: 0, level: 'info', destination });
  const metrics = new Metrics('test');
  const receiver = await Bus.connect({ ...nats, name: 'test', log, metrics });
  const bytes: Codec<Uint8Array, never> = {
    encode: (event, writer) => writer!.raw(event),
    decode: () => expect.fail(),
  };
  const services: string[] = [];
  receiver.subscribe(topics.discovery, ({ service }) => void services.push(service));
  receiver.answer(topics.presenceQuery, () => expect.fail());
  await receiver.flush();
  for (let i = 0; i < 10; i++) {
    receiver.publish({ ...topics.discovery, event: bytes }, Buffer.from([10, 255]));
    receiver.publish({ ...topics.presenceQuery, event: bytes }, Buffer.from([7]));
  }
  receiver.publish(topics.discovery, { service: 'last' });
  await waitUntil(() => services.length > 0, { what: 'the last event is handled' });
  expect(services).toEqual(['last']);
  expect(sumOf(readMetrics(await metrics.registry.metrics()), 'teamtalk_test_bus_failed_total', {})).toBe(20);
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual(
    Array(2).fill(['warn', 'event does not parse; ignoring it']),
  );
  await receiver.drain();
});

test('a handler that fails is logged as an error, unless something is unavailable for now', async () => {
  const nats = await testNats();
  const lines: { level: string; msg: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLogger({ service: 'test', instance: 0, level: 'info', destination });
  const receiver = await Bus.connect({ ...nats, name: 'test', log, metrics: new Metrics('test') });
  receiver.subscribe(topics.discovery, async ({ service }) => {
    throw service === 'away' ? new TeamTalkError('unavailable', 'away') : new Error('wrong');
  });
  await receiver.flush();
  receiver.publish(topics.discovery, { service: 'away' });
  receiver.publish(topics.discovery, { service: 'other' });
  await waitUntil(() => lines.length === 2, { what: 'both are logged' });
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'error']);
  await receiver.drain();
});

test('a request without a subscriber fails', async () => {
  await expect(bus.request(topics.storedBatch(1), {}, 5_000)).rejects.toBeInstanceOf(NobodyListensError);
});

test('a request without a reply fails in its time', async () => {
  bus.answer(topics.storedBatch(1), () => undefined);
  const asked = bus.request(topics.storedBatch(1), {}, 200);
  await expect(asked).rejects.toMatchObject({ code: 'deadline-exceeded' });
});

test.each([
  ['', false],
  ['relaxed: ', true],
])('%sleaves a server that goes silent while buffers are full, and never redials it', async (_, relaxed) => {
  const proxies = [await startProxy(), await startProxy()];
  const dialled: FaultProxy[] = [];
  for (const each of proxies) each.onConnect = () => dialled.push(each);
  const moving = await connectThrough(proxies, relaxed);
  moving.answer(topics.storedBatch(1), () => ({}));
  dialled[0]!.block();
  const pdu = Buffer.alloc(1_000_000);
  for (let i = 0; i < 64; i++) moving.publish(topics.storedBatch(2), { messages: [{ pdu }] });
  await waitUntil(() => bus.request(topics.storedBatch(1), {}, 250).then(() => true), {
    timeoutMs: 20_000,
    what: 'answered by way of the other server',
  });
  expect(dialled).toEqual([dialled[0], proxies.find((each) => each !== dialled[0])]);
});

test('drains although the connection breaks meanwhile', async () => {
  bus.answer(topics.storedBatch(1), () => ({}));
  proxy.block();
  const drained = bus.drain();
  proxy.cut();
  await drained;
  expect(bus.connected).toBe(false);
});

test('collects replies until the requester has enough', async () => {
  bus.answer(topics.presenceUpdate, () => ({ routeServer: 1 }));
  const enough = new AbortController();
  const asked = bus.requestMany(
    topics.presenceUpdate,
    { instance: 1, seq: 1, changes: [] },
    20_000,
    () => {
      enough.abort();
      return false;
    },
    enough.signal,
  );
  expect(await asked).toBe(false);
});
