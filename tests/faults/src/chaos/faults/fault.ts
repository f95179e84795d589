import type { FaultTimes } from '../record/fault-times.js';
import type { ChaosTestbed } from '../testbed/chaos-testbed.js';

/** What a fault does to the testbed in one round. */
export interface Round {
  readonly index: number;
  /** When faults were there; where a fault does not say it, from its beginning to its end. */
  readonly times: FaultTimes;
  /** To be called when the fault is over: from then on everything has to come right. */
  ended(): void;
  /** Something it measured besides, in words; goes below the table. */
  note(text: string): void;
}

/** Something that goes wrong, and how often it is tried. */
export interface Fault {
  /** for `--only`; a prefix of it will do */
  readonly name: string;
  /** what the table says */
  readonly title: string;
  readonly rounds: number;
  /** Needs a stand whose PostgreSQL has a disk of its own. */
  readonly smallDisk?: boolean;
  /** Needs a stand whose PostgreSQL has a synchronous standby. */
  readonly standby?: boolean;
  /** Does it, and says when it is over. */
  inject(testbed: ChaosTestbed, round: Round): Promise<void>;
}

/** What the figures are without a fault. */
export const nothing: Fault = {
  name: 'nothing',
  title: 'no fault, to compare with',
  rounds: 5,
  async inject(_stand, { ended }) {
    ended();
  },
};

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
