import type { Inspection } from '../inspect/findings.js';
import type { TargetDatabase } from '../target/database.js';
import type { Verification } from '../verification.js';

/** Results that the report of a later call shows, too. */
interface Results {
  inspection: Inspection;
  verification: Verification;
}

const resultTable = `CREATE TABLE IF NOT EXISTS legacy_import.result (
  name text PRIMARY KEY, value json NOT NULL, at timestamptz NOT NULL DEFAULT now())`;

export async function keepResult<Name extends keyof Results>(
  database: TargetDatabase,
  name: Name,
  value: Results[Name],
): Promise<void> {
  await database.transaction(async (session) => {
    await session.run(resultTable);
    await session.run(
      `INSERT INTO legacy_import.result (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = now()`,
      [name, JSON.stringify(value)],
    );
  });
}

export async function keptResults(database: TargetDatabase): Promise<Partial<Results>> {
  return database.transaction(async (session) => {
    const [found] = await session.rows(
      `SELECT FROM pg_class WHERE oid = to_regclass('legacy_import.result')`,
    );
    if (!found) return {};
    const rows = await session.rows<{ name: keyof Results; value: unknown }>(
      'SELECT name, value FROM legacy_import.result',
    );
    return Object.fromEntries(rows.map(({ name, value }) => [name, value])) as Partial<Results>;
  });
}
