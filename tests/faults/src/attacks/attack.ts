import type { TestCluster } from '@teamtalk/cluster';
import type { ServiceName } from '@teamtalk/local-stack';

/** Numbers of an attack. */
export type Figures = Record<string, number | string>;

export interface Attack {
  name: string;
  what: string;
  /** variables for the services attacked, where the numbers are small */
  envOf: (count: number) => Partial<Record<ServiceName, Record<string, string>>>;
  /** services that this attack needs in addition to the usual ones */
  services?: Partial<Record<ServiceName, number>>;
  /** connections or requests; those of the issue, and those by default */
  full: number;
  small: number;
  /** @param logged what services have logged, those with a LOG_LEVEL */
  run: (cluster: TestCluster, count: number, logged: () => Promise<string>) => Promise<Figures>;
}

/** A user who is there before the attack. */
export const witnessName = 'witness';

/** The key of those who may call the HTTP API. */
export const apiKey = 'key-of-the-witness';
