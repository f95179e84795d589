import type { Pool, PoolClient } from 'pg';

const ignoreError = () => {};

/**
 * Takes a connection out of the pool, for several statements or one that must know its fate; give it back by
 * `release`. Should it break, the statement in flight fails, or the next one. (pg also emits an `error` then,
 * which would end the process if nobody listened.)
 */
export async function takeConnection(pool: Pool): Promise<PoolClient> {
  const client = await pool.connect();
  if (!client.listeners('error').includes(ignoreError)) client.on('error', ignoreError);
  return client;
}
