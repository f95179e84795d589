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
  /** The messages of a conversation as they have to become, in their order. */
  shown?(conv: bigint, messages: readonly ShownMessage[]): void;
}

export type Value = string | number | Buffer | null;
export type Pool = 'unread' | 'group_set' | 'sync' | 'token' | 'group_member';

export interface ShownMessage {
  fromId: number;
  type: number;
  created: number;
  data: Buffer;
  /** the number that old clients know it by */
  msgId: number;
  /** 0 to 7: IMMessage, 8 to 15: IMGroupMessage */
  table: number;
  id: number;
}
