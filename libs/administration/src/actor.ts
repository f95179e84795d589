/** Who makes a call, as the audit has it. */
export interface Actor {
  /** `app NAME`, `console NAME`; `anybody` where the API is open */
  name: string;
  /** the user in whose name; 0: none */
  asUser: number;
  /** IP address */
  source: string;
}

/** The name of a caller without a key. */
export const anybody = 'anybody';
