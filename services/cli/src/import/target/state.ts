import { Failure } from '../../failure.js';
import type { LegacyPlaces } from '../places.js';
import type { TargetDatabase, TargetSession } from './database.js';

/** Tables that an import fills, and that have to be empty before it begins; with what their rows are called. */
const filledTables = {
  im_user: 'users',
  department: 'departments',
  chat_group: 'groups',
  conversation: 'conversations',
  discovery_item: 'discovery items',
  file_task: 'files',
} as const;

/** Where an import is: every step that is done, written in the transaction that did it. */
export class ImportState {
  readonly #database: TargetDatabase;

  constructor(database: TargetDatabase) {
    this.#database = database;
  }

  /**
   * Begins an import, or continues the one of the same source.
   *
   * @param source names the legacy database
   * @param statements create the tables of the importer where they are missing
   * @throws Failure when the installation is not empty, or another source is being imported
   */
  async open(source: string, statements: readonly string[]): Promise<void> {
    await this.#database.transaction(async (session) => {
      await requireSchema(session);
      if (!(await hasState(session))) {
        await requireEmpty(session);
        for (const statement of [...stateTables, ...statements]) await session.run(statement);
        await session.run('INSERT INTO legacy_import.source (name) VALUES ($1)', [source]);
        return;
      }
      const [finished] = await session.rows(`SELECT FROM legacy_import.step WHERE name = 'finish'`);
      if (!finished) for (const statement of statements) await session.run(statement);
      const [found] = await session.rows<{ name: string }>('SELECT name FROM legacy_import.source');
      if (found?.name !== source) {
        throw new Failure(
          `an import from ${found?.name} has begun here, and this one is from ${source}. Continue that one, or begin with an empty database.`,
        );
      }
    });
  }

  /**
   * Goes on with an import whose copy has ended.
   *
   * @throws Failure when there is none, or from another source
   */
  async continue(source: string): Promise<void> {
    await this.#database.transaction(async (session) => {
      const [found] = (await hasState(session))
        ? await session.rows<{ name: string; finished: boolean }>(`
            SELECT name, EXISTS (SELECT FROM legacy_import.step WHERE name = 'finish') AS finished FROM legacy_import.source`)
        : [];
      if (!found?.finished)
        throw new Failure('nothing was copied here to the end yet: `teamtalk import copy` does.');
      if (found.name !== source) {
        throw new Failure(`this installation was copied from ${found.name}, and not from ${source}.`);
      }
    });
  }

  /** Runs `work` in one transaction unless it has been done before. @returns whether it was done now */
  async once(step: string, work: (session: TargetSession) => Promise<void>): Promise<boolean> {
    return this.#database.transaction(async (session) => {
      const [done] = await session.rows('SELECT FROM legacy_import.step WHERE name = $1', [step]);
      if (done) return false;
      await work(session);
      await session.run('INSERT INTO legacy_import.step (name) VALUES ($1)', [step]);
      return true;
    });
  }

  async isDone(step: string): Promise<boolean> {
    return (await this.#database.rows('SELECT FROM legacy_import.step WHERE name = $1', [step])).length > 0;
  }
}

/** Identifies a legacy database, whichever account reads it. Each project in a database is a source of its own. */
export function sourceName({ mysql, project }: Pick<LegacyPlaces, 'mysql' | 'project'>): string {
  const { host, pathname } = new URL(mysql);
  return `${host}${pathname}${project === undefined ? '' : `, project ${project}`}`;
}

const stateTables = [
  'CREATE SCHEMA legacy_import',
  `CREATE TABLE legacy_import.source (
    only_row bool PRIMARY KEY DEFAULT true CHECK (only_row), name text NOT NULL, began_at timestamptz NOT NULL DEFAULT now())`,
  `CREATE TABLE legacy_import.step (
    name text PRIMARY KEY, done_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
];

async function hasState(session: TargetSession): Promise<boolean> {
  const [row] = await session.rows<{ found: boolean }>(
    `SELECT to_regclass('legacy_import.source') IS NOT NULL AS found`,
  );
  return row?.found === true;
}

async function requireSchema(session: TargetSession): Promise<void> {
  const [row] = await session.rows<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_attribute
       WHERE attrelid = to_regclass('im_user') AND attname = 'domain') AS found`,
  );
  if (!row?.found) {
    throw new Failure('the database has not the newest schema: run `teamtalk migrate up` first.');
  }
}

async function requireEmpty(session: TargetSession): Promise<void> {
  const [user] = await session.rows<{ id: number; name: string; at: string }>(
    `SELECT id, name, to_char(created_at, 'YYYY-MM-DD') AS at FROM im_user ORDER BY id LIMIT 1`,
  );
  if (user) {
    throw new Failure(
      `this installation is not empty: user ${user.id} (${user.name}, since ${user.at}) is already here. An import needs a database without users, since the ids of the old ones stay. Nothing was changed.`,
    );
  }
  for (const [table, what] of Object.entries(filledTables)) {
    const [row] = await session.rows(`SELECT FROM ${table} LIMIT 1`);
    if (row) {
      throw new Failure(
        `this installation is not empty: there are ${what} (table ${table}). Nothing was changed.`,
      );
    }
  }
}
