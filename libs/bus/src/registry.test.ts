import { createKit, type Kit, newInstance } from '@teamtalk/service-kit';
import { testNats } from '@teamtalk/testkit/infrastructure';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bus } from './bus.js';
import { Announcer, Registry } from './registry.js';
import { topics } from './subjects.js';

let kit: Kit;
let bus: Bus;
let other: Bus;
const stops: (() => unknown)[] = [];

beforeEach(async () => {
  const nats = await testNats();
  kit = createKit('test', { logLevel: 'silent', shutdownMs: 1000 });
  const open = () =>
    Bus.connect({
      ...nats,
      name: 'test',
      log: kit.log,
      metrics: createKit('t', { logLevel: 'silent', shutdownMs: 1 }).metrics,
    });
  bus = await open();
  other = await open();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await bus.drain();
  await other.drain();
});

function announce(details = {}) {
  const instance = newInstance();
  const announcer = new Announcer(
    other,
    { instance, service: 'msg_server', hostname: 'here' },
    () => details,
  );
  stops.push(() => announcer.stop());
  return { instance, announcer };
}

function watch() {
  const gone: [number, boolean][] = [];
  const registry = new Registry(bus, kit.log, 'msg_server', {
    onGone: ({ instance }, saidSo) => gone.push([instance, saidSo]),
  });
  stops.push(() => registry.stop());
  return { registry, gone };
}

test('who was there before is found by the roll call, who comes later by his announcement', async () => {
  const early = announce({ port: 8000 });
  await other.flush();
  const { registry } = watch();
  await expect.poll(() => registry.get(early.instance)?.port, { timeout: 500 }).toBe(8000);
  announce();
  expect(await registry.waitFor(2, 1000)).toBe(true);
  expect(await registry.waitFor(3, 50)).toBe(false);
});

test('other services are not listed', async () => {
  const { registry } = watch();
  const announcer = new Announcer(other, { instance: 5, service: 'msfs', hostname: 'here' });
  stops.push(() => announcer.stop());
  const { instance } = announce();
  await registry.waitFor(1, 1000);
  expect(registry.all().map((each) => each.instance)).toEqual([instance]);
});

test('a goodbye is believed at once', async () => {
  const { registry, gone } = watch();
  const { instance, announcer } = announce();
  await registry.waitFor(1, 1000);
  await announcer.stop();
  await expect.poll(() => gone, { timeout: 500 }).toEqual([[instance, true]]);
  expect(registry.all()).toEqual([]);
});

test('silence is death, after a while', async () => {
  const { registry, gone } = watch();
  other.publish(topics.announcement, { instance: 77, service: 'msg_server', hostname: 'h' });
  await registry.waitFor(1, 1000);
  await expect.poll(() => gone, { timeout: 20_000 }).toEqual([[77, false]]);
});

test('a request nobody listens for fails at once; one without an answer at its deadline', async () => {
  await expect(bus.request(topics.node(1), {}, 2000)).rejects.toMatchObject({ code: 'unavailable' });
  other.answer(topics.node(2), () => undefined);
  await other.flush();
  await expect(bus.request(topics.node(2), {}, 100)).rejects.toMatchObject({ code: 'deadline-exceeded' });
});

test('an event that does not parse or whose handler throws is counted, and the next one is handled', async () => {
  const seen: number[] = [];
  bus.subscribe(topics.announcement, ({ instance }) => {
    if (instance === 1) throw new Error('handler');
    seen.push(instance);
  });
  await bus.flush();
  other.publish(topics.announcement, { instance: 1, service: 's', hostname: 'h' });
  other.publish(topics.announcement, { instance: 2, service: 's', hostname: 'h' });
  await expect.poll(() => seen).toEqual([2]);
});
