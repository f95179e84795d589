import type { Query, Statement } from '../database/database.js';

/** A device that push reaches, or did. */
export interface PushDeviceSummary {
  id: number;
  provider: string;
  /** bundle id or package; empty: the installation's default */
  app: string;
  /** the last characters of its token */
  token: string;
  /** BCP 47; empty: unknown */
  locale: string;
  /** IANA name; empty: unknown */
  timeZone: string;
  clientVersion: string;
  seenAt: Date;
  /** why it gets nothing; null: it works */
  failure: string | null;
}

/** What became of a push, or what it waits for. */
export interface PushDecision {
  at: Date;
  provider: string;
  /** `user 7` or `group 9` */
  conversation: string;
  msgId: number;
  /** accepted, badge-only, withdrawn, dropped, gone, or waiting */
  outcome: string;
  /** of an accepted one its id with the provider */
  reason: string;
  attempts: number;
}

/** Most decisions of one answer, the newest. */
const maxDecisions = 1_000;

const conversation = `
  CASE WHEN x.conv < 4294967296 THEN 'group ' || x.conv
    WHEN x.conv >> 32 = x.user_id THEN 'user ' || (x.conv & 4294967295)
    ELSE 'user ' || (x.conv >> 32) END`;

const user: Statement = {
  name: 'push_user',
  text: 'SELECT id FROM im_user WHERE name = $1 OR id::text = $1 ORDER BY name = $1 DESC LIMIT 1',
};

const devices: Statement = {
  name: 'push_devices',
  text: `
    SELECT id::float8 AS id, provider, app, right(token, 8) AS token, locale, time_zone AS "timeZone",
      client_version AS "clientVersion", seen_at AS "seenAt", failure
    FROM push_device WHERE user_id = $1 ORDER BY seen_at DESC, id`,
};

const decisions: Statement = {
  name: 'push_decisions',
  text: `
    SELECT * FROM (
      SELECT x.at, x.provider, ${conversation} AS conversation, x.msg_id AS "msgId", x.outcome, x.reason, x.attempts
      FROM push_log x WHERE x.user_id = $1 AND x.at > now() - interval '7 days'
      UNION ALL
      SELECT x.due_at, d.provider, ${conversation}, x.msg_id, 'waiting', coalesce(x.last_error, ''), x.attempts
      FROM push_job x JOIN push_device d ON d.id = x.device_id WHERE x.user_id = $1 AND x.due_at IS NOT NULL
    ) h ORDER BY at DESC LIMIT ${maxDecisions}`,
};

/** @returns the id of a user by name or id; undefined: there is none */
export async function findPushUser(query: Query, nameOrId: string): Promise<number | undefined> {
  return (await query<{ id: number }>(user, [nameOrId]))[0]?.id;
}

/** The devices of a user, the one seen last first. */
export function pushDevicesOf(query: Query, userId: number): Promise<PushDeviceSummary[]> {
  return query<PushDeviceSummary>(devices, [userId]);
}

/** What was decided on a user's pushes of the last seven days, and what waits; the newest 1,000, newest first. */
export function pushHistory(query: Query, userId: number): Promise<PushDecision[]> {
  return query<PushDecision>(decisions, [userId]);
}
