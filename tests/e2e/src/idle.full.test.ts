import { topics } from '@teamtalk/bus';
import { TestCluster } from '@teamtalk/cluster';
import { UsageWatch } from '@teamtalk/load-generator';
import { type ServiceName, serviceNames } from '@teamtalk/local-stack';
import { expect, it } from 'vitest';

/** Wake-ups a second; each process of an earlier version had more than 100. */
const mostWakeUps = 45;

it('a service that nobody uses sleeps most of the time', async () => {
  const one = Object.fromEntries(serviceNames.map((name) => [name, 1])) as Record<ServiceName, number>;
  const cluster = await TestCluster.start({ mode: 'processes', ...one });
  try {
    const watch = new UsageWatch(serviceNames.map((name) => ({ name, pid: cluster.node(name, 0).pid })));
    // Time is counted in a service's heartbeats, one per second, so that a busy machine does not distort it.
    const heartbeats = (count: number) =>
      new Promise<void>((resolve) => {
        let heard = 0;
        const subscription = cluster.bus.subscribe(topics.heartbeat('route_server'), () => {
          if (++heard < count) return;
          subscription.unsubscribe();
          resolve();
        });
      });
    await heartbeats(3);
    const before = watch.sample().usage;
    await heartbeats(10);
    const after = watch.sample().usage;
    for (const name of serviceNames) {
      const switches = (after.get(name)?.switches ?? 0) - (before.get(name)?.switches ?? 0);
      expect(switches, `${name} ran`).toBeGreaterThan(10);
      expect(switches / 10, `wake-ups a second of ${name}`).toBeLessThan(mostWakeUps);
    }
  } finally {
    await cluster.stop();
  }
}, 90_000);
