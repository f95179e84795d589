import { withoutSecrets } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { ChatGroup, Department, GroupMember, User } from '../entities/index.js';
import { migrations as ownMigrations } from '../migrations/index.js';
import type { Migration } from '../migrations/migration.js';
import { databaseError } from './errors.js';
import { refusedSettings } from './pooler.js';
import { Servers } from './servers.js';

export interface DataSourceSettings {
  /** Most connections. */
  poolSize?: number;
  /** Shown in pg_stat_activity. */
  applicationName?: string;
  /**
   * Timeout of one statement, on the server and for its reply, milliseconds. Left out: none, for migrations and other
   * long-running work of an operator.
   */
  statementMs?: number;
  /** Migrations; by default this version's own. */
  migrations?: readonly (new () => Migration)[];
  /** Called when an idle connection breaks. */
  onIdleError?: (error: unknown) => void;
}

/** Timeout for connecting, and for waiting for a free connection of the pool, milliseconds. */
const connectMs = 3_000;

/**
 * Opens a pool of connections to PostgreSQL, with our entities and migrations.
 * @param url `postgres://…`, its parameters (`sslmode` and others) included, of one server or of several
 * @throws TeamTalkError `unavailable` when no server that fits the URL answers within 3 s, `invalid-argument` when a pooler
 * rejects the connection settings
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
        // A server that vanished silently cannot enforce its own timeout.
        query_timeout: statementMs + 1_000,
        idle_in_transaction_session_timeout: statementMs * 2,
        // Starting parallel workers or compiling costs short statements more than it gains.
        options: '-c max_parallel_workers_per_gather=0 -c jit=off',
      }),
    },
  });
  try {
    return await dataSource.initialize();
  } catch (error) {
    throw refusedSettings(error) ?? databaseError(error, `PostgreSQL at ${withoutSecrets(url)}`);
  }
}

/** The pg pool of a DataSource, for prepared statements. */
export function poolOf(dataSource: DataSource): Pool {
  return (dataSource.driver as PostgresDriver).master;
}
