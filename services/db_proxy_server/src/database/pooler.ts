import { TeamTalkError } from '@teamtalk/service-kit';
import type { Pool, PoolClient } from 'pg';
import { takeConnection } from './take-connection.js';

/** How often two connections are compared: even a transaction pooler may assign each its own server connection for a while. */
const rounds = 20;

const guide = 'see docs/guides/postgresql-failover.md#behind-a-pooler';

/**
 * Rejects a pooler, such as pgbouncer, that reassigns server connections after each transaction or statement. Locks are held by
 * connections (owner-lock.ts, migrator.ts), and every new connection is checked for data that PostgreSQL may have lost
 * (store-epoch.ts).
 * @returns whether there is a pooler
 * @throws TeamTalkError `invalid-argument` that says what to set; the error of pg
 */
export async function requireSessions(pool: Pool): Promise<boolean> {
  const one = await takeConnection(pool);
  try {
    const backend = await backendOf(one);
    // A pooler tells its clients a made-up process id.
    if (backend === announcedBackend(one)) return false;
    const other = await takeConnection(pool);
    try {
      for (let round = 0; round < rounds; round++) {
        if ((await backendOf(one)) === backend && (await backendOf(other)) !== backend) continue;
        throw new TeamTalkError(
          'invalid-argument',
          `PostgreSQL is behind a pooler that reassigns connections after each transaction or statement; pgbouncer needs pool_mode = session (${guide})`,
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
 * Rejects a pooler that does not pass on timeouts, unless the role has its own: otherwise a stalled process would hold the locks
 * of its transaction for ever.
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
    `PostgreSQL is behind a pooler that does not pass on timeouts, and role ${row.role} has none of its own: ALTER ROLE ${row.role} SET ${row.missing.join(' and ')} (${guide})`,
  );
}

/** Explains an error of a pooler that rejects startup parameters; undefined for other errors. */
export function refusedSettings(error: unknown): TeamTalkError | undefined {
  const message = error instanceof Error ? error.message : '';
  if (!message.includes('unsupported startup parameter')) return undefined;
  return new TeamTalkError(
    'invalid-argument',
    `PostgreSQL is behind a pooler that rejects connection settings (${message}); pgbouncer needs ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout,options (${guide})`,
    { cause: error },
  );
}

async function backendOf(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

/** The process id announced by the server, which pg's types lack. */
function announcedBackend(client: PoolClient): number | null | undefined {
  return (client as PoolClient & { processID?: number | null }).processID;
}
