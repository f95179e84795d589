import type { ChaosStand, RoundResult } from './chaos-stand.js';
import type { Fault } from './faults/fault.js';
import { type Row, rowOf } from './table.js';

/** Injects a fault as often as said, one round after the other. */
export async function runFault(stand: ChaosStand, fault: Fault, rounds = fault.rounds): Promise<Row> {
  const results: RoundResult[] = [];
  for (let index = 0; index < rounds; index++) {
    const result = await stand.round(fault, index);
    results.push(result);
    const { acked, recoveryMs, breaks } = result;
    stand.report(
      `${fault.name} ${index + 1}/${rounds}: ${acked} acked, well after ${Math.round(recoveryMs)} ms, ${breaks} broken connections`,
    );
  }
  return rowOf(fault, results);
}
