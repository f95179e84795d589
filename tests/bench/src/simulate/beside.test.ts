import { costs, messageSlope } from '@teamtalk/cli/plan';
import { expect, it } from 'vitest';
import { scenarios } from '../suite.js';
import {
  beyondLimit,
  compareWithRuns,
  costScenarios,
  growthScenarios,
  largestErrors,
  type MeasuredReport,
} from './beside.js';

type Cpu = Record<string, number>;

const named = ({ postgresql, ...cpu }: (typeof costs.message)['slow' | 'fast']['cpu']): Cpu => ({
  ...cpu,
  postgres: postgresql,
  generator: 26,
});

/** The CPU use that the plan predicts for several msg_servers. */
function planned(msgServers: number): Cpu {
  const { perTransaction, perMessage } = messageSlope('msg_server');
  const transactions = msgServers * costs.message.slow.transactions;
  return {
    ...named(costs.message.slow.cpu),
    msg_server: (transactions * perTransaction) / 5_000 + perMessage,
  };
}

const point = (x: number, acked: number, microseconds: Cpu) => ({
  x,
  microseconds,
  result: { rates: { acked }, latency: { ack: { p50: 4, p99: 13 } } },
});

const report: MeasuredReport = {
  machine: { cpu: 'any', cores: 2 },
  baseline: { fsyncMs: { p50: 0.17 }, rows: { perSecond: costs.rowFloor.perSecond } },
  scenarios: [
    { name: costScenarios.slow, points: [point(0, 5_000, named(costs.message.slow.cpu))] },
    { name: costScenarios.fast, points: [point(0, 20_000, named(costs.message.fast.cpu))] },
    {
      name: growthScenarios.msgServers,
      points: [1, 2, 3].map((count) => point(count, 5_000, planned(count))),
    },
    { name: growthScenarios.dbProxies, points: [point(1, 5_000, planned(1))] },
  ],
};

it('finds no error of the plan in runs that match it, and compares the simulator with every run', () => {
  const comparisons = compareWithRuns(report);
  const ofPlan = comparisons.filter(({ by }) => by !== 'simulator');
  expect(ofPlan).toHaveLength(2 * 4 * 4);
  for (const { run, figure, error } of ofPlan)
    expect(Math.abs(error), `${run}: ${figure}`).toBeLessThan(0.001);
  const busy = comparisons.filter(({ figure }) => figure === 'busy');
  expect(busy.map(({ run }) => run)).toEqual([
    'grow-msg-servers 1',
    'grow-msg-servers 2',
    'grow-msg-servers 3',
    'grow-db-proxies 1',
  ]);
  // Per message 139.9 µs of the services and 26 µs of the load generator, at 5,000/s on two cores.
  expect(busy[0]!.measured).toBeCloseTo(0.41475, 4);
  for (const { error } of busy) expect(Math.abs(error)).toBeLessThan(0.2);
  // What one of each does is taken from the run with one of each, whatever the simulator says of it.
  for (const { figure, error } of comparisons.filter(({ run, by }) => by === 'simulator' && / 1$/.test(run)))
    expect(error, figure).toBeCloseTo(0);
  expect(beyondLimit(comparisons)).toEqual([]);
});

it('compares with what the plan says for the speed of this machine', () => {
  const faster = { ...report.baseline, rows: { perSecond: 2 * costs.rowFloor.perSecond } };
  const scenarios = report.scenarios.map((each) => ({ ...each, points: each.points.slice(0, 1) }));
  const comparisons = compareWithRuns({ ...report, baseline: faster, scenarios });
  const errors = new Map(largestErrors(comparisons));
  expect(errors.get('plan, µs a message, all')).toBeCloseTo(-0.5);
  expect(errors.get('growth, µs a message, all')).toBeCloseTo(0);
  const beyond = beyondLimit(comparisons);
  expect(new Set(beyond.map(({ by }) => by))).toEqual(new Set(['plan']));
  expect(beyond).toHaveLength(2 * 4);
});

it('finds runs that cost more than planned, and reports the largest error of each figure', () => {
  const dearer = structuredClone(report);
  const [, , grown] = dearer.scenarios;
  grown!.points[2]!.microseconds.msg_server! *= 2;
  const comparisons = compareWithRuns(dearer);
  const largest = new Map(largestErrors(comparisons));
  for (const by of ['plan', 'growth']) {
    expect(largest.get(`${by}, µs a message, msg_server`)).toBeCloseTo(-0.5);
    expect(largest.get(`${by}, µs a message, db_proxy_server`)).toBeCloseTo(0);
  }
  expect([...largest.keys()]).toHaveLength(11);
  expect(beyondLimit(comparisons).map(({ by, figure }) => `${by}, ${figure}`)).toEqual(
    expect.arrayContaining(['plan, µs a message, msg_server', 'growth, µs a message, msg_server']),
  );
});

it('reports missing and failed scenarios', () => {
  const without = (name: string) => ({
    ...report,
    scenarios: report.scenarios.filter((each) => each.name !== name),
  });
  expect(() => compareWithRuns(without('p2p-20k'))).toThrow(
    'p2p-20k was not measured: npm run bench -- p2p-5k p2p-20k grow-msg-servers grow-db-proxies',
  );
  const failed = { ...report, scenarios: [{ name: 'p2p-5k', error: 'no services run', points: [] }] };
  expect(() => compareWithRuns(failed)).toThrow('p2p-5k failed: no services run');
  expect(() => compareWithRuns({ ...report, machine: { cpu: 'any', cores: 64 } })).toThrow('on two cores');
});

it('uses only scenarios that the suite has', () => {
  const names = scenarios.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.values(costScenarios)));
  expect(names).toEqual(expect.arrayContaining(Object.values(growthScenarios)));
});
