import { TeamTalkError } from '@teamtalk/service-kit';
import type { DataSource, QueryRunner } from 'typeorm';
import { migrations } from '../migrations/index.js';
import { levelOf } from './schema.js';

const service = 'db_proxy_server';
const ownLevel = levelOf(migrations.map((each) => new each()));

/**
 * The application_name of this program's connections. It contains the schema level the program knows, so that a
 * migration can refuse to break it.
 */
export function connectionName(part = ''): string {
  return `${service} ${ownLevel} ${part}`.trimEnd();
}

/** The schema levels of the db_proxy_servers that are connected to the database, and where they run. */
export async function programLevels(
  database: Pick<DataSource, 'query'>,
): Promise<{ level: number; place: string }[]> {
  const rows: { level: string; place: string }[] = await database.query(
    `SELECT DISTINCT substring(application_name FROM '^${service} (\\d+)') AS level,
            COALESCE(host(client_addr), 'a local socket') AS place
       FROM pg_stat_activity
      WHERE datname = current_database() AND application_name ~ '^${service} \\d+'`,
  );
  return rows.map(({ level, place }) => ({ level: Number(level), place }));
}

/**
 * @param fits whether a program of this schema level may keep running
 * @throws TeamTalkError `unavailable` when a connected db_proxy_server may not
 */
export async function requirePrograms(
  runner: QueryRunner,
  fits: (level: number) => boolean,
  refusal: string,
): Promise<void> {
  // Inside a transaction pg_stat_activity is cached at its first read.
  await runner.query('SELECT pg_stat_clear_snapshot()');
  const unfit = (await programLevels(runner)).filter(({ level }) => !fits(level));
  if (unfit.length === 0) return;
  const places = [...new Set(unfit.map(({ place }) => place))].join(', ');
  throw new TeamTalkError('unavailable', `${refusal} (connected from ${places})`);
}
