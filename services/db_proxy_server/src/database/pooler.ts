import { TeamTalkError } from '@teamtalk/service-kit';
import type { Pool, PoolClient } from 'pg';
import { takeConnection } from './take-connection.js';

/** How often two connections are compared: on a busy pooler they may have one of PostgreSQL's each for a while. */
const rounds = 20;

const guide = 'see docs/guides/postgresql-failover.md#behind-a-pooler';

/**
 * Refuses a pooler, such as pgbouncer, that gives PostgreSQL's connections to others after each transaction or statement: locks
 * are held by connections (owner-lock.ts, migrator.ts), and a new one is checked for what PostgreSQL may have lost before it is
 * used (store-epoch.ts).
 * @returns whether there is a pooler
 * @throws TeamTalkError `invalid-argument` that says what to set; the error of pg
 */
export async function requireSessions(pool: Pool): Promise<boolean> {
  const one = await takeConnection(pool);
  try {
    const backend = await backendOf(one);
    // A pooler makes up the process that it tells its clients.
    if (backend === announcedBackend(one)) return false;
    const other = await takeConnection(pool);
    try {
      for (let round = 0; round < rounds; round++) {
        if ((await backendOf(one)) === backend && (await backendOf(other)) !== backend) continue;
        throw new TeamTalkError(
          'invalid-argument',
          `PostgreSQL is behind a pooler that gives its connections to others after each transaction or statement; pgbouncer needs pool_mode = session (${guide})`,
        );
      }
    } finally {
      other.release();
    }
    return true;
  } finally {
    one.release();
  }
}

/**
 * Refuses a pooler that passes no timeouts on, where the role has none of its own: a transaction whose program has stalled would
 * hold its locks for ever.
 * @throws TeamTalkError `invalid-argument` that says what to set; the error of pg
 */
export async function requireTimeouts(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ role: string; missing: string[] }>(`
    SELECT current_user AS role, array(SELECT name FROM pg_settings WHERE setting = '0'
      AND name IN ('statement_timeout', 'idle_in_transaction_session_timeout') ORDER BY name) AS missing`);
  const [row] = rows;
  if (!row || row.missing.length === 0) return;
  throw new TeamTalkError(
    'invalid-argument',
    `PostgreSQL is behind a pooler that passes no timeouts on, and role ${row.role} has none of its own: ALTER ROLE ${row.role} SET ${row.missing.join(' and ')} (${guide})`,
  );
}

/** An error of a pooler that refuses the settings with which connections are opened; undefined: it is another one. */
export function refusedSettings(error: unknown): TeamTalkError | undefined {
  const message = error instanceof Error ? error.message : '';
  if (!message.includes('unsupported startup parameter')) return undefined;
  return new TeamTalkError(
    'invalid-argument',
    `PostgreSQL is behind a pooler that refuses settings of connections (${message}); pgbouncer needs ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout,options (${guide})`,
    { cause: error },
  );
}

async function backendOf(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

/** The types of pg lack it. */
function announcedBackend(client: PoolClient): number | null | undefined {
  return (client as PoolClient & { processID?: number | null }).processID;
}
