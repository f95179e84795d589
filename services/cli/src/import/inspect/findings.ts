/** One kind of dirt that is in a legacy store. */
export interface Finding {
  /** stable, for programs */
  name: string;
  /** what it is, in words */
  what: string;
  /** what the import makes of it */
  becomes: string;
  count: number;
  /** the first ones, in words */
  samples: string[];
}

/** What `teamtalk import inspect` says of a legacy store. */
export interface Inspection {
  /** rows by table */
  rows: Record<string, number>;
  findings: Finding[];
  /** why an import cannot begin */
  blockers: string[];
  estimate: {
    messages: number;
    seconds: number;
    /** of PostgreSQL's volume while the messages are sorted, bytes */
    databaseBytes: number;
    /** of temporary files during the copy */
    temporaryBytes: number;
  };
}

/** Most samples of one kind. */
export const mostSamples = 5;
