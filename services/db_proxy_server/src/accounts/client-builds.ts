import type { Database, Statement } from '../database/database.js';

/** A client type and version, and what was counted of it. */
export interface ClientBuild {
  clientType: number;
  version: string;
  bot: boolean;
  logins: number;
  /** unix seconds */
  lastSeen: number;
  faults: { fault: string; count: number }[];
}

/** A recorded build. */
export interface RecordedBuild extends ClientBuild {
  /** unix seconds */
  firstSeen: number;
}

/** Builds that are kept; those seen last. */
const maxBuilds = 2_000;
/** Days after which a build that has not been seen is forgotten. */
const keptDays = 90;
const maxVersionLength = 64;

// In the order of the key, so that two msg_servers cannot wait for each other.
const record: Statement = {
  name: 'record_client_builds',
  text: `
    INSERT INTO client_build AS b (client_type, version, bot, last_seen, logins, faults)
    SELECT client_type, version, bot, to_timestamp(last_seen), logins, faults::jsonb
    FROM unnest($1::int4[], $2::text[], $3::bool[], $4::float8[], $5::int4[], $6::text[])
      AS given (client_type, version, bot, last_seen, logins, faults)
    ORDER BY client_type, version, bot
    ON CONFLICT (client_type, version, bot) DO UPDATE SET
      last_seen = greatest(b.last_seen, excluded.last_seen),
      logins = b.logins + excluded.logins,
      faults = (
        SELECT coalesce(jsonb_object_agg(fault, total), '{}')
        FROM (
          SELECT fault, sum(count::int8) AS total
          FROM (SELECT * FROM jsonb_each_text(b.faults) UNION ALL SELECT * FROM jsonb_each_text(excluded.faults))
            AS counted (fault, count)
          GROUP BY fault
        ) AS sums
      )`,
};

const prune: Statement = {
  name: 'prune_client_builds',
  text: `
    DELETE FROM client_build
    WHERE last_seen < now() - interval '${keptDays} days' OR (client_type, version, bot) IN (
      SELECT client_type, version, bot FROM client_build ORDER BY last_seen DESC OFFSET ${maxBuilds})`,
};

const list: Statement = {
  name: 'list_client_builds',
  text: `
    SELECT client_type AS "clientType", version, bot, logins::float8 AS logins, faults,
      extract(epoch FROM first_seen)::float8 AS "firstSeen", extract(epoch FROM last_seen)::float8 AS "lastSeen"
    FROM client_build ORDER BY last_seen DESC LIMIT ${maxBuilds}`,
};

/** The programs that clients have run lately. */
export class ClientBuilds {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds what was counted to what is recorded. */
  async add(counted: readonly ClientBuild[]): Promise<void> {
    const builds = [...merged(counted).values()];
    if (builds.length === 0) return;
    await this.#database.query(record, [
      builds.map(({ clientType }) => clientType),
      builds.map(({ version }) => version),
      builds.map(({ bot }) => bot),
      builds.map(({ lastSeen }) => lastSeen),
      builds.map(({ logins }) => logins),
      builds.map(({ faults }) =>
        JSON.stringify(Object.fromEntries(faults.map((each) => [each.fault, each.count]))),
      ),
    ]);
    await this.#database.query(prune, []);
  }

  /** The last seen first. */
  async all(): Promise<RecordedBuild[]> {
    const rows = await this.#database.query<
      Omit<RecordedBuild, 'faults'> & { faults: Record<string, number> }
    >(list, []);
    return rows.map(({ faults, ...shown }) => ({
      ...shown,
      faults: Object.entries(faults).map(([fault, count]) => ({ fault, count })),
    }));
  }
}

/** By their key as it is stored: a statement may touch a row only once. */
function merged(counted: readonly ClientBuild[]): Map<string, ClientBuild> {
  const builds = new Map<string, ClientBuild>();
  // Not spread: a decoded message has its default values in its prototype.
  for (const { clientType, version: said, bot, logins, lastSeen, faults } of counted) {
    const version = [...said.replaceAll('\0', '')].slice(0, maxVersionLength).join('');
    const key = `${clientType} ${bot} ${version}`;
    const known = builds.get(key);
    builds.set(key, {
      clientType,
      version,
      bot,
      logins: logins + (known?.logins ?? 0),
      lastSeen: Math.max(lastSeen, known?.lastSeen ?? 0),
      faults: summed([...(known?.faults ?? []), ...faults]),
    });
  }
  return builds;
}

function summed(faults: ClientBuild['faults']): ClientBuild['faults'] {
  const counts = new Map<string, number>();
  for (const { fault, count } of faults) counts.set(fault, (counts.get(fault) ?? 0) + count);
  return [...counts].map(([fault, count]) => ({ fault, count }));
}
