import type { Database, Statement } from '../database/database.js';
import { programLevels } from '../database/running-programs.js';
import { knownMigrations, levelOf, type SchemaState, schemaState } from '../database/schema.js';

interface QueueRow {
  name: string;
  waiting: number;
  oldestSeconds: number | null;
}

/** A longer queue is not counted to its end. */
const maxCounted = 10_000;

/** What waits in a queue, and for how long the oldest has waited. @param rows selects `since`, the oldest first */
function queue(name: string, rows: string): string {
  return `
    SELECT '${name}' AS name, count(*)::int4 AS waiting,
      greatest(0, extract(epoch FROM clock_timestamp() - min(since)))::float8 AS "oldestSeconds"
    FROM (${rows} LIMIT ${maxCounted}) AS waiting`;
}

const queues: Statement = {
  name: 'console_queues',
  text: [
    queue('outbox', 'SELECT created_at AS since FROM outbox ORDER BY id'),
    queue(
      'broadcasts',
      `SELECT since FROM (
         SELECT created_at AS since FROM broadcast WHERE finished_at IS NULL
         UNION ALL
         SELECT send_at FROM broadcast_order WHERE broadcast_id IS NULL AND ended_at IS NULL AND send_at <= now()
       ) AS unfinished`,
    ),
    queue(
      'webhooks',
      // Events of a disabled webhook wait until it is enabled.
      `SELECT created_at AS since FROM webhook_event
       WHERE delivered_at IS NULL AND failed_at IS NULL
         AND webhook_id NOT IN (SELECT id FROM webhook WHERE disabled_events IS NOT NULL)
       ORDER BY next_at`,
    ),
    queue('pushes', 'SELECT marked_at AS since FROM push_job WHERE due_at IS NOT NULL ORDER BY due_at'),
  ].join(' UNION ALL '),
};

const deadLetters: Statement = {
  name: 'console_dead_letters',
  text: `
    SELECT count(*)::int4 AS webhooks FROM (
      SELECT FROM webhook_event WHERE failed_at > now() - interval '1 hour' LIMIT ${maxCounted}) AS dead`,
};

export interface Queues {
  queues: { name: string; waiting: number; oldestSeconds: number }[];
  /** in the last hour */
  deadWebhooks: number;
}

export interface SchemaReport extends SchemaState {
  /** schema level of this program */
  level: string;
  /** those of all programs that are connected to the database */
  programLevels: string[];
}

/** What the console shows of the installation's state. */
export class InstallationReports {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async queues(): Promise<Queues> {
    const [rows, [dead]] = await Promise.all([
      this.#database.query<QueueRow>(queues, []),
      this.#database.query<{ webhooks: number }>(deadLetters, []),
    ]);
    return {
      queues: rows.map(({ oldestSeconds, ...shown }) => ({ ...shown, oldestSeconds: oldestSeconds ?? 0 })),
      deadWebhooks: dead?.webhooks ?? 0,
    };
  }

  async schema(): Promise<SchemaReport> {
    const { dataSource } = this.#database;
    const [state, levels] = await Promise.all([schemaState(dataSource), programLevels(dataSource)]);
    return {
      ...state,
      level: String(levelOf(knownMigrations(dataSource))),
      programLevels: [...new Set(levels.map(({ level }) => String(level)))].sort(),
    };
  }
}
