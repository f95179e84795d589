import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChaosStand } from './chaos-stand.js';
import { cutBeforeAck } from './faults/cut-before-ack.js';
import type { Fault } from './faults/fault.js';
import { cut } from './faults/links.js';
import { freeze, kill } from './faults/processes.js';
import { killServer } from './faults/servers.js';

let stand: ChaosStand;
/** What went wrong, in words. */
const reports: string[] = [];

beforeAll(async () => {
  stand = await ChaosStand.start({ users: 5, paceMs: 20, rate: 100, report: (text) => reports.push(text) });
}, 120_000);
afterAll(() => stand?.stop());

const faults: readonly Fault[] = [
  kill('db_proxy_server'),
  kill('route_server'),
  kill('msg_server'),
  // Longer than silence may last before it is taken for dead.
  freeze('msg_server', 5_000),
  killServer('postgres'),
  killServer('nats'),
  cut('postgres', 1_000),
  cut('nats', 1_000),
  cutBeforeAck(100),
];

it.for(faults.map((fault) => [fault.title, fault] as const))(
  '%s: nothing acked is lost, repeated, out of order or late',
  { timeout: 120_000 },
  async ([, fault], { annotate }) => {
    reports.length = 0;
    const { lost, duplicated, reordered, undelivered, acked, recoveryMs, breaks } = await stand.round(
      fault,
      0,
    );
    expect(reports).toEqual([]);
    expect({ lost, duplicated, reordered, undelivered }).toEqual({
      lost: 0,
      duplicated: 0,
      reordered: 0,
      undelivered: 0,
    });
    expect(acked).toBeGreaterThan(0);
    await annotate(`${acked} acked, well after ${Math.round(recoveryMs)} ms, ${breaks} broken connections`);
  },
);
