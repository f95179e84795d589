import { withoutSecrets } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { ChatGroup, Department, GroupMember, User } from '../entities/index.js';
import { migrations as ownMigrations } from '../migrations/index.js';
import type { Migration } from '../migrations/migration.js';
import { databaseError } from './errors.js';
import { Servers } from './servers.js';

export interface DataSourceSettings {
  /** Connections at most. */
  poolSize?: number;
  /** Shown in pg_stat_activity. */
  applicationName?: string;
  /**
   * How long one statement may run, and how long to wait for its answer, milliseconds. Left out: without
   * end, for migrations and other long work of an operator.
   */
  statementMs?: number;
  /** The steps of the schema, when not this version's own. */
  migrations?: readonly (new () => Migration)[];
  /** Told of connections that broke while nobody used them. */
  onIdleError?: (error: unknown) => void;
}

/** How long connecting, and waiting for a free connection of the pool, may take, milliseconds. */
const connectMs = 3_000;

/**
 * Opens a pool of connections to PostgreSQL, with our entities and migrations.
 * @param url `postgres://…`, its parameters (`sslmode` and others) included, of one server or of several
 * @throws TeamTalkError `unavailable` when it does not answer within 3 s, or no server is what the URL asks for
 */
export async function openDataSource(url: string, settings: DataSourceSettings = {}): Promise<DataSource> {
  const {
    poolSize = 4,
    applicationName = 'teamtalk',
    statementMs,
    onIdleError,
    migrations = ownMigrations,
  } = settings;
  const servers = new Servers(url);
  const dataSource = new DataSource({
    type: 'postgres',
    url: servers.options.connectionString,
    entities: [ChatGroup, Department, GroupMember, User],
    migrations: [...migrations],
    migrationsTableName: 'schema_migration',
    poolSize,
    connectTimeoutMS: connectMs,
    applicationName,
    installExtensions: false,
    logging: false,
    poolErrorHandler: onIdleError ?? (() => {}),
    extra: {
      ...servers.options,
      keepAlive: true,
      ...(statementMs && {
        statement_timeout: statementMs,
        // The server may be gone without a word: then its own limit does not help.
        query_timeout: statementMs + 1_000,
        idle_in_transaction_session_timeout: statementMs * 2,
        // Statements this short lose more by starting workers or compiling than they can gain.
        options: '-c max_parallel_workers_per_gather=0 -c jit=off',
      }),
    },
  });
  try {
    return await dataSource.initialize();
  } catch (error) {
    throw databaseError(error, `PostgreSQL at ${withoutSecrets(url)}`);
  }
}

/** The connections below a DataSource, for statements that are prepared by name. */
export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as unknown as { master: Pool }).master;
}
