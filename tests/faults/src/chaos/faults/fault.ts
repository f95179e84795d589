import type { ChaosTestbed, Round } from '../chaos-testbed.js';

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
