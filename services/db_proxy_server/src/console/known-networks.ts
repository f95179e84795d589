import type { Database, Query, Statement } from '../database/database.js';

/** Networks remembered for an account; a new one replaces the oldest. */
const maxNetworks = 10;

const isKnown: Statement = {
  name: 'console_known_network',
  text: 'SELECT id FROM console_account WHERE name = $1 AND $2 = ANY (networks)',
};

const remember: Statement = {
  name: 'console_remember_network',
  text: `
    UPDATE console_account SET networks =
      (array_remove(networks, $2::text) || $2::text)[greatest(cardinality(array_remove(networks, $2::text)) + 2 - ${maxNetworks}, 1):]
    WHERE id = $1`,
};

/** @param network from sourceNetwork; empty: unknown */
export async function isKnownNetwork(
  database: Pick<Database, 'query'>,
  name: string,
  network: string,
): Promise<boolean> {
  return network !== '' && (await database.query(isKnown, [name, network])).length > 0;
}

/** Remembers the network of a login, in the login's transaction. */
export async function rememberNetwork(query: Query, accountId: number, network: string): Promise<void> {
  if (network !== '') await query(remember, [accountId, network]);
}
