/** An instance that is to be looked at, or was until a moment ago. */
export interface Known {
  /** the same for one life of one process */
  key: string;
  /** undefined where only its metrics will tell */
  service: string | undefined;
  /** 8 hex digits; undefined for one that is known by its address alone */
  instance: string | undefined;
  /** host:port of its health and metrics; empty where it does not tell */
  address: string;
  /** it takes no new work, as it announces itself */
  draining: boolean;
  /** connections as it announces them; undefined where it does not */
  connections?: number | undefined;
  /** how and when (performance.now()) it went; undefined: it is there */
  gone?: { inOrder: boolean; at: number } | undefined;
}

/** Where instances are found. */
export interface Directory {
  /** in words, for the headline */
  readonly source: string;
  /** What speaks against what `known` tells at present; undefined: nothing does. */
  readonly doubt: string | undefined;
  known(): Known[];
  close(): Promise<void>;
}
