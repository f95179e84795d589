import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { DatabaseOptions, Infrastructure, TestDatabase, TestNats } from './infrastructure.js';
import { NatsServer } from './nats-server.js';
import { PostgresServer } from './postgres-server.js';
import { isAlive } from './processes.js';

/** Brings a database to the newest schema. Whoever knows the services gives it. */
export type Migrate = (databaseUrl: string) => Promise<void>;

export interface LocalOptions {
  /** further lines of the NATS server's configuration */
  natsSettings?: readonly string[];
  /** of the users that these lines give the services */
  servicePassword?: string;
}

const dirPrefix = 'teamtalk-test-';

/**
 * One PostgreSQL and one NATS in a temporary folder, each started when it is first asked for and gone
 * with `close`. With DATABASE_URL or NATS_URL in the environment those servers are used instead; of the
 * database server only databases of our own making are touched.
 */
export class LocalInfrastructure implements Infrastructure {
  readonly #migrate: Migrate;
  readonly #options: LocalOptions;
  /** in every database's name and NATS prefix, so that two runs can share the servers */
  readonly #run = randomBytes(4).toString('hex');
  readonly #databases = new Set<string>();
  #count = 0;
  #dir: Promise<string> | undefined;
  #postgres: Promise<PostgresServer> | undefined;
  #nats: Promise<NatsServer> | undefined;
  #template: Promise<string> | undefined;

  constructor(migrate: Migrate, options: LocalOptions = {}) {
    this.#migrate = migrate;
    this.#options = options;
  }

  async nats(): Promise<TestNats> {
    const { servicePassword } = this.#options;
    return {
      url: await this.#natsUrl(),
      prefix: `test_${this.#run}_${++this.#count}`,
      ...(!process.env.NATS_URL && servicePassword && { servicePassword }),
    };
  }

  async database({ migrated = true }: DatabaseOptions = {}): Promise<TestDatabase> {
    const template = migrated ? await this.#migratedTemplate() : 'template0';
    const name = await this.#create(template);
    return { name, url: await this.#urlOf(name), drop: () => this.drop(name) };
  }

  /** Ends the database's connections and drops it. A name that is not of our making is refused. */
  async drop(name: string): Promise<void> {
    if (!this.#databases.delete(name)) throw new Error(`${name} is not a database of this test run`);
    await this.#administer(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  }

  async close(): Promise<void> {
    if (process.env.DATABASE_URL) {
      for (const name of [...this.#databases]) await this.drop(name);
    }
    // A server that did not start has told so where it was asked for.
    await (await this.#postgres?.catch(() => undefined))?.stop();
    await (await this.#nats?.catch(() => undefined))?.stop();
    if (this.#dir) await rm(await this.#dir, { recursive: true, force: true });
  }

  async #natsUrl(): Promise<string> {
    if (process.env.NATS_URL) return process.env.NATS_URL;
    this.#nats ??= this.#folder().then((dir) =>
      NatsServer.start({
        dir: path.join(dir, 'nats'),
        port: 0,
        logFile: path.join(dir, 'nats.log'),
        settings: this.#options.natsSettings ?? [],
      }),
    );
    return (await this.#nats).url;
  }

  async #adminUrl(): Promise<string> {
    if (process.env.DATABASE_URL) return process.env.DATABASE_URL;
    this.#postgres ??= this.#folder().then((dir) =>
      PostgresServer.start({
        dataDir: path.join(dir, 'postgres'),
        port: 0,
        logFile: path.join(dir, 'postgres.log'),
        durable: false,
      }),
    );
    return (await this.#postgres).url;
  }

  async #urlOf(name: string): Promise<string> {
    const url = new URL(await this.#adminUrl());
    url.pathname = `/${name}`;
    return url.toString();
  }

  /** Copying a migrated database takes a tenth of the time of migrating one. */
  #migratedTemplate(): Promise<string> {
    this.#template ??= (async () => {
      const name = await this.#create('template0');
      await this.#migrate(await this.#urlOf(name));
      return name;
    })();
    return this.#template;
  }

  async #create(template: string): Promise<string> {
    const name = `teamtalk_test_${this.#run}_${++this.#count}`;
    await this.#administer(`CREATE DATABASE "${name}" TEMPLATE "${template}"`);
    this.#databases.add(name);
    return name;
  }

  async #administer(statement: string): Promise<void> {
    const client = new pg.Client({
      connectionString: await this.#adminUrl(),
      connectionTimeoutMillis: 10_000,
    });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  #folder(): Promise<string> {
    this.#dir ??= (async () => {
      await removeLeftovers();
      const dir = await mkdtemp(path.join(tmpdir(), `${dirPrefix}${process.pid}-`));
      // PostgreSQL, when it runs as another user, has to pass through.
      await chmod(dir, 0o711);
      return dir;
    })();
    return this.#dir;
  }
}

/** The folders of runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(dirPrefix) ? Number.parseInt(name.slice(dirPrefix.length), 10) : Number.NaN;
    if (pid > 0 && !isAlive(pid)) {
      await rm(path.join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
    }
  }
}
