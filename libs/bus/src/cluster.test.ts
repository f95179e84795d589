import { type TestNats, testNats } from '@teamtalk/local-stack';
import { createKit, type Kit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Cluster, joinCluster } from './cluster.js';

let nats: TestNats;
let kit: Kit;
let cluster: Cluster;
let watcher: Kit;
let watching: Cluster;

async function join(service: string): Promise<[Kit, Cluster]> {
  const joining = createKit(service, { logLevel: 'silent', shutdownMs: 5_000 });
  return [joining, await joinCluster(joining, nats)];
}

beforeEach(async () => {
  nats = await testNats();
  [kit, cluster] = await join('msfs');
  [watcher, watching] = await join('test');
});
afterEach(async () => {
  await kit.life.stop();
  await watcher.life.stop();
});

test('a service is ready while it is connected, and found once it is registered', async () => {
  expect(kit.health.report()).toMatchObject({ ready: true, dependencies: { nats: 'up' } });
  const found = watching.follow('msfs');
  expect(await found.waitFor(1, 100)).toBe(false);
  cluster.register(() => ({ port: 8700 }));
  expect(await found.waitFor(1, 5_000)).toBe(true);
  expect(found.get(kit.instance)).toMatchObject({ port: 8700, draining: false });
  kit.health.startDraining();
  cluster.announce();
  await expect.poll(() => found.get(kit.instance)?.draining).toBe(true);
});

test.each([
  ['before what was started earlier stops', false, 0],
  ['after everything else, before NATS is drained', true, 1],
])('a stopping service is deregistered %s', async (_, late, known) => {
  const found = watching.follow('msfs');
  let seen: number | undefined;
  kit.life.onStop('earlier part', async () => {
    await watching.bus.flush();
    seen = found.all().length;
  });
  cluster.register(undefined, { late });
  await found.waitFor(1, 5_000);
  await kit.life.stop();
  expect(seen).toBe(known);
  await expect.poll(() => found.all().length).toBe(0);
});
