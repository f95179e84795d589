// Migrates the database to the newest schema and exits: run by a release before its new processes start.
import { ConfigError, createLogger, Health, readEnv, untilAvailable } from '@teamtalk/service-kit';
import { envSchema } from './config.js';
import { openDataSource } from './database/data-source.js';
import { readGrants } from './database/grants-env.js';
import { migrateUp, whyNothing } from './database/migrator.js';

/** Longest wait for PostgreSQL, milliseconds; afterwards the process fails and may be retried. */
const connectTimeoutMs = 120_000;

const log = createLogger({ service: 'migrate', instance: 0, level: 'info' });

async function migrate(): Promise<void> {
  const { DATABASE_URL: url } = readEnv({ DATABASE_URL: envSchema.DATABASE_URL }, process.env);
  const grants = readGrants(process.env);
  const connect = () => openDataSource(url, { applicationName: 'teamtalk migrate' });
  const dataSource = await untilAvailable({ ms: connectTimeoutMs }, new Health(), log)('postgres', connect);
  try {
    const applied = await migrateUp(dataSource, {
      grants,
      onProgress: (name) => log.info({ migration: name }, 'migration applied'),
    });
    if (applied.length === 0) log.info(await whyNothing(dataSource));
  } finally {
    await dataSource.destroy();
  }
}

try {
  await migrate();
} catch (error) {
  log.error({ err: error }, 'migration failed');
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}
