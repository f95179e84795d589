import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdirSync, type WriteStream, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type LegacySchemaOptions, type LegacyServers, legacySchema } from '@teamtalk/local-stack';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { generate } from './generate.js';
import type { LegacyOptions } from './options.js';
import type { LegacySink, Pool, Value } from './sink.js';
import type { Truth } from './truth.js';

export interface LegacyPlaces {
  mysql: string;
  redis: string;
  /** The number of each pool's database. */
  databases: Record<Pool, number>;
  /** A folder of its own; msfs' files are in `msfs`, the others in `offline_file`. */
  folder: string;
}

export const usualDatabases: Record<Pool, number> = {
  unread: 1,
  group_set: 2,
  sync: 3,
  token: 4,
  group_member: 5,
};

/** The addresses of a store whose Redis databases have the default numbers. */
export function placesOn({ mariadb, redis, folder }: LegacyServers): LegacyPlaces {
  return {
    mysql: mariadb.url,
    redis: redis.url,
    databases: usualDatabases,
    folder: path.join(folder, 'old'),
  };
}

/** Makes the tables and loads a generated store in bulk. @returns what has to become of it */
export async function buildLegacyStore(options: LegacyOptions, places: LegacyPlaces): Promise<Truth> {
  const loading = path.join(places.folder, 'loading');
  for (const name of [loading, imageFolder(places), offlineFolder(places)])
    mkdirSync(name, { recursive: true });
  const files = new Map<string, TableFile>();
  const commands: [Pool, (string | number)[]][] = [];
  const put = (folder: string) => (relative: string, content: Buffer) => {
    const file = path.join(folder, relative);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  const sink: LegacySink = {
    row(table, values) {
      const file = files.get(table) ?? new TableFile(path.join(loading, table), Object.keys(values));
      files.set(table, file);
      file.write(values);
    },
    redis: (pool, ...command) => commands.push([pool, command]),
    image: put(imageFolder(places)),
    offlineFile: put(offlineFolder(places)),
  };
  const truth = generate(options, sink);
  await loadTables(options, places.mysql, files);
  await loadRedis(places, commands);
  await rm(loading, { recursive: true, force: true });
  return truth;
}

export function imageFolder({ folder }: LegacyPlaces): string {
  return path.join(folder, 'msfs');
}

export function offlineFolder({ folder }: LegacyPlaces): string {
  return path.join(folder, 'offline_file');
}

/** Rows as LOAD DATA reads them. */
class TableFile {
  readonly file: string;
  readonly columns: readonly string[];
  readonly #stream: WriteStream;
  #lines: string[] = [];

  constructor(file: string, columns: readonly string[]) {
    this.file = file;
    this.columns = columns;
    this.#stream = createWriteStream(file);
  }

  write(values: Readonly<Record<string, Value>>): void {
    this.#lines.push(this.columns.map((column) => field(values[column]!)).join('\t'));
    if (this.#lines.length < 1_000) return;
    this.#flush();
  }

  async end(): Promise<void> {
    this.#flush();
    this.#stream.end();
    await once(this.#stream, 'close');
  }

  #flush(): void {
    if (this.#lines.length > 0) this.#stream.write(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
  }
}

function field(value: Value): string {
  if (value === null) return '\\N';
  return typeof value === 'number'
    ? String(value)
    : String(value).replace(/[\\\t\n]/g, (each) => `\\${each}`);
}

async function loadTables(options: LegacyOptions, url: string, files: Map<string, TableFile>): Promise<void> {
  const connection = await createConnection({ uri: url, flags: ['+LOCAL_FILES'], charset: 'utf8mb4' });
  const schema: LegacySchemaOptions = {
    transmitFile: options.transmitFile,
    projects: options.projects,
    profiles: options.profiles,
    ...(options.extraColumns && { extraColumns: { IMUser: ['wechat varchar(32) DEFAULT NULL'] } }),
  };
  try {
    for (const statement of legacySchema(schema)) await connection.query(statement);
    await connection.query('SET unique_checks = 0, foreign_key_checks = 0');
    for (const [table, file] of files) {
      await file.end();
      await connection.query({
        sql: `LOAD DATA LOCAL INFILE ? INTO TABLE ${table} CHARACTER SET utf8mb4 (${file.columns.join(', ')})`,
        values: [file.file],
        infileStreamFactory: (name: string) => createReadStream(name),
      });
      const [[count]] = (await connection.query(`SELECT COUNT(*) AS n FROM ${table}`)) as unknown as [
        { n: number }[],
      ];
      if (count!.n === 0) throw new Error(`nothing was loaded into ${table}`);
    }
  } finally {
    await connection.end();
  }
}

async function loadRedis({ redis: url, databases }: LegacyPlaces, commands: [Pool, (string | number)[]][]) {
  for (const pool of Object.keys(databases) as Pool[]) {
    const redis = new Redis(url, { db: databases[pool], lazyConnect: true });
    await redis.connect();
    const own = commands.filter(([name]) => name === pool);
    for (let from = 0; from < own.length; from += 10_000) {
      const pipeline = redis.pipeline();
      for (const [, [name, ...words]] of own.slice(from, from + 10_000))
        pipeline.call(String(name), ...words);
      await pipeline.exec();
    }
    await redis.quit();
  }
}
