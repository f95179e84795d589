import { expect, it } from 'vitest';
import { Lane } from './lane.js';
import { Simulation } from './simulation.js';

/** When transactions of this duration begin if a message arrives every 0.1 ms, and how many messages each stores. */
function transactions(takes: number) {
  const sim = new Simulation();
  const begun: number[] = [];
  const sizes: number[] = [];
  const lane = new Lane<number>(sim, (batch, done) => {
    begun.push(sim.now);
    sizes.push(batch.length);
    sim.after(takes, done);
  });
  const arrive = () => {
    lane.add(sim.now);
    sim.after(100, arrive);
  };
  sim.after(0, arrive);
  sim.run(40_000);
  return { apart: begun.slice(1).map((at, k) => at - begun[k]!), sizes };
}

it('begins quick transactions 2 ms apart', () => {
  const { apart, sizes } = transactions(200);
  expect(new Set(apart)).toEqual(new Set([2_200]));
  expect(sizes.at(-1)).toBe(22);
});

it('waits for as long as a slow transaction took', () => {
  expect(new Set(transactions(3_000).apart)).toEqual(new Set([6_000]));
});

it('waits at most 8 ms, and not at all after a transaction that took longer', () => {
  expect(new Set(transactions(5_000).apart)).toEqual(new Set([8_000]));
  expect(new Set(transactions(9_000).apart)).toEqual(new Set([9_000]));
});
