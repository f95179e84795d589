import { afterAll, beforeAll, expect, it } from 'vitest';
import { cutBeforeAck } from './faults/cut-before-ack.js';
import type { Fault } from './faults/fault.js';
import { cut } from './faults/links.js';
import { freeze, kill } from './faults/processes.js';
import { killServer } from './faults/servers.js';
import { runRound } from './round.js';
import { overlapping } from './schedules/scheduled-faults.js';
import { TestChaosCluster } from './testbed/test-chaos-cluster.js';

let testbed: TestChaosCluster;
/** What went wrong, in words. */
const reports: string[] = [];

beforeAll(async () => {
  testbed = await TestChaosCluster.start({
    users: 5,
    paceMs: 20,
    rate: 100,
    report: (text) => reports.push(text),
  });
}, 120_000);
afterAll(() => testbed?.stop());

const faults: readonly Fault[] = [
  kill('db_proxy_server'),
  kill('route_server'),
  kill('msg_server'),
  // Longer than silence may last before it is evicted.
  freeze('msg_server', 5_000),
  killServer('postgres'),
  killServer('nats'),
  cut('postgres', 1_000),
  cut('nats', 1_000),
  cutBeforeAck(100),
];

/** Schedules of overlapping faults: seed, and which of its schedules. */
const schedules: readonly (readonly [number, number])[] = [
  [1, 9],
  [1, 13],
];

it.for([
  ...faults.map((fault) => [fault.title, fault, 0] as const),
  ...schedules.map(([seed, index]) => [`seed ${seed}, schedule ${index}`, overlapping(seed), index] as const),
])(
  '%s: nothing acked is lost, repeated, out of order or late',
  { timeout: 120_000 },
  async ([, fault, index], { annotate }) => {
    reports.length = 0;
    const { lost, duplicated, reordered, undelivered, late, ...result } = await runRound(
      testbed,
      fault,
      index,
    );
    expect(reports).toEqual([]);
    expect({ lost, duplicated, reordered, undelivered, late }).toEqual({
      lost: 0,
      duplicated: 0,
      reordered: 0,
      undelivered: 0,
      late: 0,
    });
    const { acked, checked, observers, recoveryMs, breaks } = result;
    expect(acked).toBeGreaterThan(0);
    expect(checked).toBeGreaterThan(0);
    expect(observers).toBeGreaterThan(0);
    await annotate(
      `${acked} acked, ${checked} deliveries checked, recovered after ${Math.round(recoveryMs)} ms, ${breaks} broken connections`,
    );
  },
);

it('all of it is still in history in the end, once', async () => {
  reports.length = 0;
  expect(await testbed.checkHistory()).toBe(0);
  expect(reports).toEqual([]);
});
