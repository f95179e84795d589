import type { Actor } from '../actor.js';
import { requireText } from '../administration/changes.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';
import { changeLifecycle } from './retention-rules.js';

/** The erasure of a user's data. Once finished, its row is the certificate. */
interface Erasure {
  id: number;
  userId: number;
  /** the user's name since the erasure */
  name: string;
  reason: string;
  requestedBy: string;
  /** unix seconds */
  requestedAt: number;
  /** unix seconds; null: it is in progress */
  finishedAt: number | null;
  /** messages whose content was replaced */
  messages: number;
  /** messages kept because of a legal hold */
  held: number;
  /** devices for push that were removed */
  devices: number;
  /** remembered networks of logins that were removed */
  places: number;
  /** offline files not fetched yet, set to expire */
  files: number;
}

type ErasureOutcome = { result: 'saved'; id: number } | { result: 'not-found' | 'still-here' | 'held' };

const maxReason = 200;

const list: Statement = {
  name: 'erasures',
  text: `
    SELECT e.id, e.user_id AS "userId", u.name, e.reason, e.requested_by AS "requestedBy",
      extract(epoch FROM e.requested_at)::float8 AS "requestedAt",
      extract(epoch FROM e.finished_at)::float8 AS "finishedAt", e.messages::float8 AS messages,
      e.held::float8 AS held, e.devices, e.places, e.files
    FROM erasure e JOIN im_user u ON u.id = e.user_id ORDER BY e.id DESC LIMIT 1000`,
};

const lockUser: Statement = {
  name: 'erasure_user',
  text: `
    SELECT name, status = ${userHasLeft} AS left,
      EXISTS (SELECT FROM legal_hold h WHERE h.user_id = $1 AND h.released_at IS NULL) AS held,
      (SELECT e.id FROM erasure e WHERE e.user_id = $1 AND e.finished_at IS NULL) AS open
    FROM im_user WHERE id = $1 FOR NO KEY UPDATE`,
};

const pseudonymise: Statement = {
  name: 'erasure_pseudonymise_2',
  // Another user may have that name, perhaps in order to block the erasure.
  text: `
    UPDATE im_user SET name = free.name, nick_name = free.name, real_name = free.name, gender = 0,
      avatar_url = '', email = '', tel = '', sign_info = '', password_hash = '!', legacy_salt = NULL
    FROM (SELECT 'erased-' || $1::int4 || CASE
        WHEN EXISTS (SELECT FROM im_user u WHERE u.name = 'erased-' || $1::int4 AND u.id <> $1::int4)
        THEN '-' || left(gen_random_uuid()::text, 8) ELSE '' END AS name) free
    WHERE id = $1::int4`,
};

/** Data about a user besides profile and messages, and which count of the certificate it adds to. */
const removals: readonly { counts?: 'devices' | 'places' | 'files'; statement: Statement }[] = [
  {
    counts: 'devices',
    statement: {
      name: 'erasure_devices',
      text: `
        WITH gone AS (DELETE FROM push_device WHERE user_id = $1 RETURNING 1) SELECT count(*)::int4 AS rows FROM gone`,
    },
  },
  {
    statement: { name: 'erasure_tokens', text: 'DELETE FROM device_token WHERE user_id = $1' },
  },
  { statement: { name: 'erasure_pushes', text: 'DELETE FROM push_log WHERE user_id = $1' } },
  { statement: { name: 'erasure_proofs', text: 'DELETE FROM login_proof WHERE user_id = $1' } },
  {
    statement: {
      name: 'erasure_bot',
      text: 'UPDATE bot SET token_hash = NULL, token_set_at = NULL WHERE user_id = $1',
    },
  },
  {
    counts: 'places',
    statement: {
      name: 'erasure_places',
      text: `
        WITH gone AS (DELETE FROM login_place WHERE user_id = $1 RETURNING 1) SELECT count(*)::int4 AS rows FROM gone`,
    },
  },
  {
    counts: 'files',
    statement: {
      name: 'erasure_files',
      // The removal of expired files also deletes their parts from the storage.
      text: `
        WITH gone AS (
          UPDATE file_task SET expires_at = now() WHERE (from_id = $1 OR to_id = $1) AND expires_at > now() RETURNING 1)
        SELECT count(*)::int4 AS rows FROM gone`,
    },
  },
];

const forgetFailures: Statement = {
  name: 'erasure_login_failures',
  text: 'DELETE FROM login_failure WHERE name = $1',
};

const forgetImports: Statement = {
  name: 'erasure_user_imports',
  text: 'DELETE FROM user_import_row WHERE user_id = $1 OR name = $2',
};

const create: Statement = {
  name: 'erasure_create',
  text: `
    INSERT INTO erasure (user_id, reason, requested_by, devices, places, files) VALUES ($1, $2, $3, $4, $5, $6)
    RETURNING id`,
};

/** Erasures of users: profile and related data are erased immediately, messages step by step in the background. */
export class Erasures {
  readonly #database: Pick<Database, 'query' | 'transaction'>;

  constructor(database: Pick<Database, 'query' | 'transaction'>) {
    this.#database = database;
  }

  /** Newest first. */
  all(): Promise<Erasure[]> {
    return this.#database.query<Erasure>(list, []);
  }

  /**
   * Erases a user who has left and is not under a hold. Returns the erasure in progress if there is one; a later request covers
   * messages that were under a hold before.
   * @throws TeamTalkError `invalid-argument` when the reason is empty or too long
   */
  async request(userId: number, reason: string, actor: Actor): Promise<ErasureOutcome> {
    requireText('a reason', reason, 1, maxReason);
    if (!isStorableId(userId)) return { result: 'not-found' };
    return changeLifecycle(this.#database, 'erase_user', actor, async (query, record) => {
      const [user] = await query<{ name: string; left: boolean; held: boolean; open: number | null }>(
        lockUser,
        [userId],
      );
      if (!user) return { result: 'not-found' };
      if (user.open !== null) return { result: 'saved', id: user.open };
      if (!user.left) return { result: 'still-here' };
      if (user.held) return { result: 'held' };
      const counts = await eraseProfile(query, userId, user.name);
      const { devices, places, files } = counts;
      const [row] = await query<{ id: number }>(create, [userId, reason, actor.name, devices, places, files]);
      const id = row?.id ?? 0;
      // Without the name, since events of the audit cannot be changed.
      await record({
        verb: 'erasure.request',
        resource: `user ${userId}`,
        after: { erasure: id, reason, ...counts },
      });
      return { result: 'saved', id };
    });
  }
}

async function eraseProfile(query: Query, userId: number, name: string) {
  const counts = { devices: 0, places: 0, files: 0 };
  await query(forgetFailures, [name]);
  await query(forgetImports, [userId, name]);
  await query(pseudonymise, [userId]);
  for (const { counts: what, statement } of removals) {
    const [row] = await query<{ rows: number }>(statement, [userId]);
    if (what) counts[what] = row?.rows ?? 0;
  }
  return counts;
}
