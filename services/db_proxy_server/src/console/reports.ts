import { type AppSummary, listApps } from '../apps/apps.js';
import { type Verdict, verifyAudit } from '../audit/audit-log.js';
import type { Database, Statement } from '../database/database.js';
import { userHasLeft } from '../entities/index.js';
import { listWebhooks, type WebhookSummary } from '../webhooks/webhooks.js';

export interface Counts {
  users: number;
  users_left: number;
  departments: number;
  groups: number;
}

/** Progress of `teamtalk import`; times are unix seconds, 0: never. */
export interface ImportProgressRow {
  source: string;
  beganAt: number;
  writtenAt: number;
  step: string;
  done: number;
  total: number;
  rowsBehind: number;
  messagesUntil: number;
  stateUntil: number;
  verifiedAt: number;
  unexplained: number;
}

export interface AuditRow {
  id: number;
  at: string;
  actor: string;
  as_user: number | null;
  source: string;
  verb: string;
  resource: string;
  /** JSON */
  before: string | null;
  /** JSON */
  after: string | null;
}

export interface AuditFilter {
  /** ids below this one; 0: any */
  before: number;
  limit: number;
  /** prefix; empty: any */
  verb: string;
  /** exact actor; empty: any */
  by: string;
  /** exact resource; empty: any */
  resource: string;
}

const maxPage = 1_000;

const counts: Statement = {
  name: 'console_counts',
  text: `
    SELECT count(*) FILTER (WHERE status <> ${userHasLeft})::int4 AS users,
      count(*) FILTER (WHERE status = ${userHasLeft})::int4 AS users_left,
      (SELECT count(*)::int4 FROM department WHERE status = 0) AS departments,
      (SELECT count(*)::int4 FROM chat_group WHERE status = 0) AS groups
    FROM im_user`,
};

const importProgress: Statement = {
  name: 'console_import_progress',
  text: `
    SELECT source, extract(epoch FROM began_at)::float8 AS "beganAt", extract(epoch FROM written_at)::float8 AS "writtenAt",
      step, done, total, coalesce(rows_behind, 0) AS "rowsBehind",
      coalesce(extract(epoch FROM messages_until), 0)::float8 AS "messagesUntil",
      coalesce(extract(epoch FROM state_until), 0)::float8 AS "stateUntil",
      coalesce(extract(epoch FROM verified_at), 0)::float8 AS "verifiedAt", coalesce(unexplained, 0) AS unexplained
    FROM import_progress`,
};

const events: Statement = {
  name: 'console_audit_events',
  text: `
    SELECT e.id::float8 AS id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, actor, as_user,
      source, verb, resource, before::text AS before, after::text AS after
    FROM audit_event e
    WHERE ($1::float8 = 0 OR e.id < $1::int8) AND ($3 = '' OR starts_with(verb, $3)) AND ($4 = '' OR actor = $4)
      AND ($5 = '' OR resource = $5)
    ORDER BY e.id DESC LIMIT $2`,
};

/** Read-only pages of the console. */
export class ConsoleReports {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async counts(): Promise<Counts> {
    return (await this.#database.query<Counts>(counts, []))[0] as Counts;
  }

  /** @returns undefined when nothing has been imported */
  async importProgress(): Promise<ImportProgressRow | undefined> {
    return (await this.#database.query<ImportProgressRow>(importProgress, []))[0];
  }

  /** Newest first. */
  auditEvents({ before, limit, verb, by, resource }: AuditFilter): Promise<AuditRow[]> {
    const texts = [verb, by, resource].map((text) => text.replaceAll('\0', ''));
    return this.#database.query<AuditRow>(events, [before, Math.min(limit, maxPage), ...texts]);
  }

  verifyAudit(): Promise<Verdict> {
    return verifyAudit(this.#database.dataSource);
  }

  apps(): Promise<AppSummary[]> {
    return listApps(this.#database.dataSource);
  }

  webhooks(): Promise<WebhookSummary[]> {
    return listWebhooks(this.#database.dataSource);
  }
}
