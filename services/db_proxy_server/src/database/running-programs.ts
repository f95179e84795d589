import { TeamTalkError } from '@teamtalk/service-kit';
import type { QueryRunner } from 'typeorm';
import { migrations } from '../migrations/index.js';
import { levelOf } from './schema.js';

const service = 'db_proxy_server';
const ownLevel = levelOf(migrations.map((each) => new each()));

/**
 * How this program's connections are called at PostgreSQL. The name tells what of the schema it knows, so that
 * nobody migrates the database away under it.
 */
export function connectionName(part = ''): string {
  return `${service} ${ownLevel} ${part}`.trimEnd();
}

/**
 * @param fits whether a program that knows the schema up to this level may go on running
 * @throws TeamTalkError `unavailable` when db_proxy_servers are connected that may not
 */
export async function requirePrograms(
  runner: QueryRunner,
  fits: (level: number) => boolean,
  refusal: string,
): Promise<void> {
  // In a transaction the view would stay what it was at its first look.
  await runner.query('SELECT pg_stat_clear_snapshot()');
  const rows: { level: string; place: string }[] = await runner.query(
    `SELECT DISTINCT substring(application_name FROM '^${service} (\\d+)') AS level,
            COALESCE(host(client_addr), 'a local socket') AS place
       FROM pg_stat_activity
      WHERE datname = current_database() AND application_name ~ '^${service} \\d+'`,
  );
  const unfit = rows.filter(({ level }) => !fits(Number(level)));
  if (unfit.length === 0) return;
  const places = [...new Set(unfit.map(({ place }) => place))].join(', ');
  throw new TeamTalkError('unavailable', `${refusal} (connected from ${places})`);
}
