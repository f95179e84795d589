import { waitUntil } from '@teamtalk/local-stack';
import type { Fault } from './faults/fault.js';
import { check, type Outcome } from './record/check.js';
import { FaultTimes } from './record/fault-times.js';
import { StallWatch } from './record/stall-watch.js';
import { recoveryLimitMs, type TestChaosCluster } from './testbed/test-chaos-cluster.js';

/** Result of one round. */
export interface RoundResult extends Outcome {
  /** from the fault's end until every sender had an ack for a message sent after it, milliseconds */
  recoveryMs: number;
  /** broken connections of clients */
  breaks: number;
  /** observers still connected */
  observers: number;
  notes: string[];
  /** what the fault itself found wrong */
  failures: string[];
}

/** Injects the fault under load, waits until every sender gets acks again, stops the load and checks the ledger. */
export async function runRound(testbed: TestChaosCluster, fault: Fault, index: number): Promise<RoundResult> {
  const breaks = testbed.load.breaks;
  await testbed.clientPool.gather();
  testbed.load.start();
  await testbed.untilMoreAcks(5);
  const begin = performance.now();
  const times = new FaultTimes();
  const stalls = new StallWatch();
  let end: number | undefined;
  const ended = () => {
    end = performance.now();
    testbed.load.mark();
  };
  const notes: string[] = [];
  const failures: string[] = [];
  await fault.inject(testbed, {
    index,
    times,
    ended,
    note: (text) => notes.push(text),
    fail: (text) => failures.push(text),
  });
  if (end === undefined) ended();
  if (times.isEmpty) times.add(begin, end!);
  await waitUntil(() => testbed.load.waiting.length === 0, {
    timeoutMs: recoveryLimitMs,
    what: 'every sender gets acks again',
  }).catch(() => testbed.report(`no acks after ${recoveryLimitMs} ms: ${testbed.load.waiting.join(', ')}`));
  const recoveryMs = testbed.load.recoveredAt - end!;
  await testbed.untilMoreAcks(5);
  await testbed.load.pause();
  await testbed.cluster.settle(30_000);
  const crashed = testbed.cluster
    .crashed()
    .map(({ service, pid, lastWords }) => `${service} (process ${pid}) ${lastWords}`);
  if (crashed.length > 0) throw new Error(`crashed: ${crashed.join('\n')}`);
  // While this process itself stalled, its clients were late through no fault of the servers.
  for (const { begin: from, end: to } of stalls.stop()) times.add(from, to);
  const outcome = await check(testbed.ledger, (text, values) => testbed.cluster.sql(text, values), times);
  return {
    ...outcome,
    recoveryMs,
    breaks: testbed.load.breaks - breaks,
    observers: testbed.clientPool.observers,
    notes,
    failures,
  };
}
