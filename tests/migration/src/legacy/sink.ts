/** Where a generator puts what it makes. */
export interface LegacySink {
  /** One row; the columns are those of the table's first row. */
  row(table: string, values: Readonly<Record<string, Value>>): void;
  /** One command of Redis, in the database of a pool. */
  redis(pool: Pool, ...command: (string | number)[]): void;
  /** A file below msfs' BaseDir. */
  image(relative: string, content: Buffer): void;
  /** A file below the folder offline_file. */
  offlineFile(relative: string, content: Buffer): void;
}

export type Value = string | number | Buffer | null;
export type Pool = 'unread' | 'group_set' | 'sync' | 'token' | 'group_member';
