import { withPresets } from '@teamtalk/cli/plan';
import { describe, expect, it } from 'vitest';
import type { PathOptions } from './message-path.js';
import { installation, repeat } from './scenarios.js';
import { recorded, today } from './service-times.js';
import { simulate } from './simulate.js';

const path: PathOptions = {
  times: today.times,
  msgServers: 2,
  dbProxies: 2,
  databases: 1,
  postgresqlCores: 4,
  hop: 250,
  groupShare: 0,
  groupReceivers: 1,
};

describe('a simulated path', () => {
  it('repeats exactly with the same seed, and differs with another', () => {
    const run = (seed: number) => simulate(path, { perSecond: 1_000, seconds: 2, seed });
    expect(run(1)).toEqual(run(1));
    expect(run(2)).not.toEqual(run(1));
  });

  it('acknowledges and delivers every message below saturation', () => {
    const { achieved, utilisation, ack } = simulate(path, {
      perSecond: 2_000,
      seconds: 5,
      seed: 1,
      regular: true,
    });
    expect(achieved).toBeCloseTo(2_000, -2);
    for (const used of Object.values(utilisation)) expect(used).toBeLessThan(1);
    // At least six hops of 0.25 ms and the flush.
    expect(ack.p50).toBeGreaterThan(1.6);
  });

  it('uses as much CPU as measured at the rates that the costs come from', () => {
    const one = { ...path, msgServers: 1, dbProxies: 1 };
    const { utilisation } = simulate(one, { perSecond: 5_000, seconds: 5, seed: 1, regular: true });
    expect(utilisation.msg_server! / (5_000 * 43.1e-6)).toBeCloseTo(1, 0);
    expect(utilisation.db_proxy_server! / (5_000 * 30.2e-6)).toBeCloseTo(1, 0);
  });

  it('names the busiest kind of station when the path cannot keep up', () => {
    const { busiest, achieved } = simulate(
      { ...path, msgServers: 1 },
      { perSecond: 40_000, seconds: 2, seed: 1, regular: true },
    );
    expect(busiest).toBe('msg_server');
    expect(achieved).toBeLessThan(35_000);
  });
});

describe('an installation', () => {
  const given = withPresets({ groupShare: 0 });
  const of = (databases: number, everyDatabase: boolean) =>
    installation(
      { users: 1_000_000, databases, everyDatabase, postgresqlCores: 4, seconds: 2, seed: 1 },
      given,
    );

  it('has two db_proxy_servers per database, or the planned number in total', () => {
    expect(of(4, false)).toMatchObject({ dbProxies: 8, perSecond: expect.closeTo(4_630, 0) });
    expect(of(4, true)).toMatchObject({ dbProxies: 2 });
  });

  it('has smaller transactions with more databases', () => {
    expect(of(4, false).batch).toBeLessThan(of(1, false).batch);
  });
});

/** Medians of acks are within 20 % of the measured ones where the machine had capacity left. */
describe('compared with recorded runs', () => {
  const cases = recorded.flatMap((machine) => machine.runs.map((run) => ({ machine, run })));
  const compare = ({ machine, run }: (typeof cases)[number]) => {
    const { achieved, ack } = repeat(machine, run);
    expect(achieved / run.perSecond).toBeGreaterThan(0.95);
    expect(Math.abs(ack.p50 / run.p50 - 1)).toBeLessThan(0.2);
  };

  it.each(cases.filter(({ run }) => run.busy < 0.7))('$machine.name, $run.name', compare);

  // The model does not include how two processes slow each other down on full cores: docs/performance.md#simulation.
  it.fails.each(cases.filter(({ run }) => run.busy >= 0.7))('$machine.name, $run.name', compare);
});
