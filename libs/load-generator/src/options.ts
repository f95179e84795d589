import type { Endpoint } from './connection.js';
import type { WatchedProcess } from './process-usage.js';

/** The options of every mode. */
export interface LoadOptions {
  /** msg_servers; connections are spread over them */
  servers: readonly Endpoint[];
  tls: boolean;
  /** how many users: `<prefix><first>` and so on, all with one password */
  users: number;
  prefix: string;
  first: number;
  password: string;
  clientType: number;
  /** logins in flight at once */
  concurrency: number;
  /** length of the measurement, and of the warm-up before it, seconds */
  seconds: number;
  warmup: number;
  /** how long messages in flight may still arrive after it, seconds */
  drain: number;
  /** local processes whose CPU and memory are measured */
  watch: readonly WatchedProcess[];
  /** prints one line of progress */
  say: (line: string) => void;
}
