import type { Pool, PoolClient } from 'pg';

const ignoreError = () => {};

/**
 * Checks a connection out of the pool, for a transaction; return it with `release`. If it breaks, the statement in
 * flight, or the next one, fails. pg also emits `error` then, which would end the process without a listener.
 */
export async function takeConnection(pool: Pool): Promise<PoolClient> {
  const client = await pool.connect();
  if (!client.listeners('error').includes(ignoreError)) client.on('error', ignoreError);
  return client;
}
