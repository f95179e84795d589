/** An instance to read, or one that left a moment ago. */
export interface Known {
  /** unique to one run of one process */
  key: string;
  /** undefined until its metrics are read */
  service: string | undefined;
  /** 8 hex digits; undefined when only the address is known */
  instance: string | undefined;
  /** host:port of its health and metrics; empty when it serves none */
  address: string;
  /** its heartbeat says that it accepts no new work */
  draining: boolean;
  /** its version by its heartbeat; undefined: it does not say it, or only the address is known */
  version?: string | undefined;
  /** connections by its heartbeat; undefined when that has none */
  connections?: number | undefined;
  /** how and when (performance.now()) it left; undefined while it is there */
  gone?: { inOrder: boolean; at: number } | undefined;
}

/** Where instances are found. */
export interface Directory {
  /** for the headline */
  readonly source: string;
  /** Why `known` may be out of date; undefined when it is not. */
  readonly doubt: string | undefined;
  known(): Known[];
  close?(): Promise<void>;
}
