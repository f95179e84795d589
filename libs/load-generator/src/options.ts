import type { Endpoint } from './connection.js';
import type { WatchedProcess } from './process-usage.js';

/** What every mode of the load generator needs to know. */
export interface LoadOptions {
  /** msg_servers; connections are spread over them */
  servers: readonly Endpoint[];
  tls: boolean;
  /** `<prefix><first>` and so on, all with one password */
  users: number;
  prefix: string;
  first: number;
  password: string;
  clientType: number;
  /** logins in flight at once */
  concurrency: number;
  /** length of the measurement, and of what is left out before it, seconds */
  seconds: number;
  warmup: number;
  /** how long what is in flight may still arrive, seconds */
  drain: number;
  /** local processes whose CPU and memory are told */
  watch: readonly WatchedProcess[];
  /** one line about what is being done */
  say: (line: string) => void;
}
