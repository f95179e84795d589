import type { ChaosTestbed, RoundResult } from './chaos-testbed.js';
import type { Fault } from './faults/fault.js';
import { type Row, rowOf } from './table.js';

/**
 * Injects a fault as often as said, one round after the other.
 * @param onRow told of the row as it is after each round
 */
export async function runFault(
  testbed: ChaosTestbed,
  fault: Fault,
  rounds: number,
  onRow: (row: Row) => Promise<void>,
): Promise<void> {
  const results: RoundResult[] = [];
  const begun = performance.now();
  for (let index = 0; index < rounds; index++) {
    const result = await testbed.round(fault, index);
    results.push(result);
    const { acked, recoveryMs, breaks } = result;
    testbed.report(
      `${fault.name} ${index + 1}/${rounds}: ${acked} acked, well after ${Math.round(recoveryMs)} ms, ${breaks} broken connections`,
    );
    await onRow(rowOf(fault, results, performance.now() - begun));
  }
}
