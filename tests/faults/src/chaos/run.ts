import type { Fault } from './faults/fault.js';
import { type RoundResult, runRound } from './round.js';
import { type Row, rowOf } from './table.js';
import type { TestChaosCluster } from './testbed/test-chaos-cluster.js';

/**
 * Runs so many rounds of a fault.
 * @param onRow gets the row after each round
 */
export async function runFault(
  testbed: TestChaosCluster,
  fault: Fault,
  rounds: number,
  onRow: (row: Row) => Promise<void>,
): Promise<void> {
  const results: RoundResult[] = [];
  const begun = performance.now();
  for (let index = 0; index < rounds; index++) {
    const result = await runRound(testbed, fault, index);
    results.push(result);
    const { acked, recoveryMs, breaks } = result;
    testbed.report(
      `${fault.name} ${index + 1}/${rounds}: ${acked} acked, recovered after ${Math.round(recoveryMs)} ms, ${breaks} broken connections`,
    );
    await onRow(rowOf(fault, results, performance.now() - begun));
  }
}
