import { FaultProxy, testNats, waitUntil } from '@teamtalk/local-stack';
import { createKit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bus } from './bus.js';
import { NobodyListensError } from './request-error.js';
import { topics } from './subjects.js';

let bus: Bus;
let proxy: FaultProxy;

beforeEach(async () => {
  const nats = await testNats();
  const { hostname, port } = new URL(nats.url);
  proxy = await FaultProxy.start(() => [{ host: hostname, port: Number(port) }]);
  const { log, metrics } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
  bus = await Bus.connect({ ...nats, url: `nats://127.0.0.1:${proxy.port}`, name: 'test', log, metrics });
});
afterEach(async () => {
  await bus.drain();
  await proxy.close();
});

test('is stable from the start, and again once every process had time to reconnect to NATS', async () => {
  expect([bus.connected, bus.stable]).toEqual([true, true]);
  proxy.cut();
  await waitUntil(() => !bus.connected, { what: 'connection lost' });
  expect(bus.stable).toBe(false);
  proxy.restore();
  await waitUntil(() => bus.connected, { what: 'connected again' });
  const since = performance.now();
  expect(bus.stable).toBe(false);
  await waitUntil(() => bus.stable, { timeoutMs: 20_000, what: 'settled' });
  expect(performance.now() - since).toBeGreaterThan(4_500);
});

test('is not responsive while NATS is silent, though connected', async () => {
  expect(bus.responsive).toBe(true);
  proxy.block();
  await waitUntil(() => !bus.responsive, { what: 'silence detected' });
  expect([bus.connected, bus.stable]).toEqual([true, true]);
  proxy.restore();
  await waitUntil(() => bus.responsive, { what: 'heard again' });
});

test('a request without a subscriber fails', async () => {
  await expect(bus.request(topics.storedBatch(1), {}, 5_000)).rejects.toBeInstanceOf(NobodyListensError);
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
