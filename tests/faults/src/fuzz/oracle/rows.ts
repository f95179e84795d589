import { isDeepStrictEqual } from 'node:util';
import type { Installation } from '../testbed/installation.js';

/** The rows of users who take no part and of what they have between them, by table. */
export type Rows = Readonly<Record<string, readonly string[]>>;

/** Reads the rows that nobody but their owners may change. */
export class BystandersRows {
  readonly #installation: Installation;
  /** conversations that were there before anybody else spoke */
  readonly #conversations: string[];

  /** To be called before fuzzing begins. */
  static async of(installation: Installation): Promise<BystandersRows> {
    const { cluster, bystanders } = installation;
    const rows = await cluster.sql<{ conv: string }>(
      `SELECT conv FROM conversation
        WHERE conv = $1 OR (conv >> 32 = ANY($2) AND conv & 4294967295 = ANY($2))`,
      [bystanders.group, bystanders.ids],
    );
    if (rows.length === 0) throw new Error('bystanders have no conversations');
    return new BystandersRows(
      installation,
      rows.map(({ conv }) => conv),
    );
  }

  private constructor(installation: Installation, conversations: string[]) {
    this.#installation = installation;
    this.#conversations = conversations;
  }

  async read(): Promise<Rows> {
    const { cluster, bystanders } = this.#installation;
    const { ids, group } = bystanders;
    const queries: Record<string, [string, unknown]> = {
      im_user: ['id = ANY($1)', ids],
      chat_group: ['id = $1', group],
      group_member: ['group_id = $1', group],
      department: ['id = (SELECT department_id FROM im_user WHERE id = $1)', ids[0]],
      conversation: ['conv = ANY($1)', this.#conversations],
      message: ['conv = ANY($1)', this.#conversations],
      device_token: ['user_id = ANY($1)', ids],
      file_task: ['from_id = ANY($1)', ids],
    };
    const all: Record<string, readonly string[]> = {};
    for (const [table, [where, value]] of Object.entries(queries)) {
      const text = `SELECT t::text AS row FROM ${table} t WHERE ${where} ORDER BY 1`;
      const rows = await cluster.sql<{ row: string }>(text, [value]);
      all[table] = rows.map(({ row }) => row);
    }
    return all;
  }
}

/** What is different, in words. */
export function changedRows(before: Rows, after: Rows): string[] {
  return Object.keys(before)
    .filter((table) => !isDeepStrictEqual(before[table], after[table]))
    .map((table) => {
      const [was, is] = [before[table]!, after[table]!];
      const gone = was.find((row) => !is.includes(row));
      const come = is.find((row) => !was.includes(row));
      return `rows of others changed, ${table}: ${gone} became ${come}`;
    });
}
