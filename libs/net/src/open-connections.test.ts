import { expect, it } from 'vitest';
import { OpenConnections } from './open-connections.js';
import { sweepIntervalMs } from './sweep-interval.js';

/** Connections by number, whose `end` and `destroy` are recorded, and close them where `closes` says so. */
function connections(count: number, closes: { onEnd: boolean }) {
  const open = new OpenConnections<number>();
  for (let i = 0; i < count; i++) open.add(i);
  const ended: number[] = [];
  const destroyed: number[] = [];
  return {
    open,
    ended,
    destroyed,
    end(connection: number) {
      ended.push(connection);
      if (closes.onEnd) open.delete(connection);
    },
    destroy(connection: number) {
      destroyed.push(connection);
      open.delete(connection);
    },
  };
}

it('a drain ends the connections evenly over its time, and resolves when the last has closed', async () => {
  const { open, ended, destroyed, end, destroy } = connections(20, { onEnd: true });
  const drained = open.drain({ spreadMs: 100, graceMs: 60_000, end, destroy });
  expect(ended).toHaveLength(10);
  await drained;
  expect(ended).toHaveLength(20);
  expect(destroyed).toEqual([]);
  expect(open.size).toBe(0);
});

it('a drain takes no longer than 10 ms for each connection', async () => {
  const { open, ended, end, destroy } = connections(5, { onEnd: true });
  const drained = open.drain({ spreadMs: 600_000, graceMs: 60_000, end, destroy });
  expect(ended).toHaveLength(5);
  await drained;
});

it('a drain destroys what has not closed after the grace period', async () => {
  const { open, ended, destroyed, end, destroy } = connections(3, { onEnd: false });
  await open.drain({ spreadMs: 0, graceMs: 20, end, destroy });
  expect(ended).toEqual([0, 1, 2]);
  expect(destroyed).toEqual([0, 1, 2]);
});

it('a drain of nothing resolves', async () => {
  const { open, end, destroy } = connections(0, { onEnd: true });
  await open.drain({ spreadMs: 600_000, graceMs: 600_000, end, destroy });
});

it.each([
  [[15_000, 60_000], 1_000],
  [[60_000, 800], 100],
  [[1], 10],
])('connections with the time limits %j are looked at every %i ms', (limits, interval) => {
  expect(sweepIntervalMs(...limits)).toBe(interval);
});
