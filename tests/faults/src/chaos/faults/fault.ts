import type { FaultTimes } from '../record/fault-times.js';
import type { TestChaosCluster } from '../testbed/test-chaos-cluster.js';

/** What a fault does to the testbed in one round. */
export interface Round {
  readonly index: number;
  /** When faults were present; a fault that adds none counts from its beginning to its end. */
  readonly times: FaultTimes;
  /** To be called when the fault is over: from then on the installation has to recover. */
  ended(): void;
  /** Adds a remark, such as a measurement, below the table. */
  note(text: string): void;
  /** Adds a remark for which the round counts as failed. */
  fail(text: string): void;
}

/** Something that goes wrong, and how many rounds of it are run. */
export interface Fault {
  /** for `--only`; a part of it is enough */
  readonly name: string;
  /** its row in the table */
  readonly title: string;
  readonly rounds: number;
  /** Needs a testbed whose PostgreSQL has a small disk of its own. */
  readonly smallDisk?: boolean;
  /** Needs a testbed whose PostgreSQL has a synchronous standby. */
  readonly standby?: boolean;
  /** Injects the fault and calls `ended` when it is over. */
  inject(testbed: TestChaosCluster, round: Round): Promise<void>;
}

/** For the figures without a fault. */
export const nothing: Fault = {
  name: 'nothing',
  title: 'no fault, for comparison',
  rounds: 5,
  async inject(_testbed, { ended }) {
    ended();
  },
};

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
