import { FaultProxy, testNats } from '@teamtalk/local-stack';
import { createKit, type Kit, newInstance } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Bus } from './bus.js';
import { HeartbeatPublisher, Registry } from './registry.js';
import { topics } from './subjects.js';

let kit: Kit;
let bus: Bus;
let other: Bus;
/** A separate bus over a separate path to NATS. */
let openBy: (url: string) => Promise<Bus>;
let natsAddress: URL;
const stops: (() => unknown)[] = [];

beforeEach(async () => {
  const nats = await testNats();
  kit = createKit('test', { logLevel: 'silent', shutdownMs: 1000 });
  openBy = (url) =>
    Bus.connect({
      ...nats,
      url,
      name: 'test',
      log: kit.log,
      metrics: createKit('t', { logLevel: 'silent', shutdownMs: 1 }).metrics,
    });
  bus = await openBy(nats.url);
  other = await openBy(nats.url);
  natsAddress = new URL(nats.url);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await bus.drain();
  await other.drain();
});

function announce(details = {}) {
  const instance = newInstance();
  const heartbeats = new HeartbeatPublisher(
    other,
    { instance, service: 'msg_server', hostname: 'here' },
    () => details,
  );
  stops.push(() => heartbeats.stop());
  return { instance, heartbeats };
}

function watch(by = bus) {
  const gone: [number, boolean][] = [];
  const registry = new Registry(by, kit.log, 'msg_server', {
    onGone: ({ instance }, deregistered) => gone.push([instance, deregistered]),
  });
  stops.push(() => registry.stop());
  return { registry, gone };
}

/** Makes `other` send nothing by itself, only while it handles what it hears. */
function silence(): () => void {
  const { publish, subscribe } = other;
  let answers = false;
  const hearing = vi.spyOn(other, 'subscribe').mockImplementation((topic, handler, options) => {
    const handle: typeof handler = (event) => {
      answers = true;
      try {
        return handler(event);
      } finally {
        answers = false;
      }
    };
    return subscribe.call(other, topic as never, handle as never, options);
  });
  const sending = vi.spyOn(other, 'publish').mockImplementation((topic, event) => {
    if (answers) publish.call(other, topic as never, event as never);
  });
  return () => {
    hearing.mockRestore();
    sending.mockRestore();
  };
}

test('running instances are found by discovery, later ones by their heartbeats', async () => {
  const endSilence = silence();
  const early = announce({ port: 8000 });
  await other.flush();
  const { registry } = watch();
  await expect.poll(() => registry.get(early.instance)?.port).toBe(8000);
  endSilence();
  announce();
  expect(await registry.waitFor(2, 10_000)).toBe(true);
  expect(await registry.waitFor(3, 50)).toBe(false);
});

test('instances of other services are not listed', async () => {
  const { registry } = watch();
  const heartbeats = new HeartbeatPublisher(other, { instance: 5, service: 'msfs', hostname: 'here' });
  stops.push(() => heartbeats.stop());
  const { instance } = announce();
  await registry.waitFor(1, 10_000);
  expect(registry.all().map((each) => each.instance)).toEqual([instance]);
});

test('a deregistered instance is removed at once', async () => {
  const { registry, gone } = watch();
  const { instance, heartbeats } = announce();
  await registry.waitFor(1, 10_000);
  await heartbeats.stop();
  await expect.poll(() => gone).toEqual([[instance, true]]);
  expect(registry.all()).toEqual([]);
});

test('a silent instance is evicted after the timeout, whatever the wall clock does', async () => {
  const { registry, gone } = watch();
  await bus.flush();
  other.publish(topics.heartbeat('msg_server'), { instance: 77, service: 'msg_server', hostname: 'h' });
  expect(await registry.waitFor(1, 10_000)).toBe(true);
  const now = Date.now;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
  stops.push(() => clock.mockRestore());
  await expect.poll(() => gone, { timeout: 20_000 }).toEqual([[77, false]]);
});

test('nobody is evicted while NATS swallows everything; afterwards only dead instances are', async () => {
  const { hostname: host, port } = natsAddress;
  const proxy = await FaultProxy.start(() => [{ host, port: Number(port) }]);
  const stalled = await openBy(`nats://127.0.0.1:${proxy.port}`);
  stops.push(
    () => stalled.drain(),
    () => proxy.close(),
  );
  const { instance } = announce();
  const here = watch();
  const there = watch(stalled);
  const dead = (number: number) =>
    other.publish(topics.heartbeat('msg_server'), { instance: number, service: 'msg_server', hostname: 'h' });
  await Promise.all([bus.flush(), stalled.flush()]);
  dead(77);
  expect(await here.registry.waitFor(2, 10_000)).toBe(true);
  expect(await there.registry.waitFor(2, 10_000)).toBe(true);
  proxy.block();
  await expect.poll(() => stalled.responsive, { timeout: 10_000 }).toBe(false);
  // Twice the eviction timeout of instance 77.
  dead(78);
  await expect.poll(() => here.gone.map(([number]) => number), { timeout: 20_000 }).toEqual([77, 78]);
  expect(there.gone).toEqual([]);
  proxy.restore();
  await expect.poll(() => stalled.responsive, { timeout: 20_000 }).toBe(true);
  await expect
    .poll(() => there.registry.all().map((each) => each.instance), { timeout: 20_000 })
    .toEqual([instance]);
  expect(there.gone).toContainEqual([77, false]);
}, 90_000);

test('a request without a subscriber fails at once, one without a reply at its deadline', async () => {
  await expect(bus.request(topics.node(1), {}, 2000)).rejects.toMatchObject({ code: 'unavailable' });
  other.answer(topics.node(2), () => undefined);
  await other.flush();
  await expect(bus.request(topics.node(2), {}, 100)).rejects.toMatchObject({ code: 'deadline-exceeded' });
});

test('counts events that do not parse or whose handler throws, and handles the next one', async () => {
  const seen: number[] = [];
  bus.subscribe(topics.heartbeat('msg_server'), ({ instance }) => {
    if (instance === 1) throw new Error('handler');
    seen.push(instance);
  });
  await bus.flush();
  other.publish(topics.heartbeat('msg_server'), { instance: 1, service: 's', hostname: 'h' });
  other.publish(topics.heartbeat('msg_server'), { instance: 2, service: 's', hostname: 'h' });
  await expect.poll(() => seen).toEqual([2]);
});

test('announces the address of health and metrics as NATS sees it', async () => {
  const { registry } = watch();
  const addresses: string[] = [];
  for (const host of ['0.0.0.0', '10.1.2.3', '::1']) {
    const self = {
      instance: newInstance(),
      service: 'msg_server',
      hostname: 'here',
      ops: { host, port: 18000 },
    };
    const heartbeats = new HeartbeatPublisher(other, self);
    stops.push(() => heartbeats.stop());
    await expect.poll(() => registry.get(self.instance)).toBeDefined();
    addresses.push(registry.get(self.instance)!.opsAddress);
  }
  expect(addresses).toEqual(['127.0.0.1:18000', '10.1.2.3:18000', '[::1]:18000']);
  const { instance } = announce();
  await expect.poll(() => registry.get(instance)?.opsAddress).toBe('');
});
