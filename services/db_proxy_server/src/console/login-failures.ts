import type { LoginLimit } from '../accounts/logins.js';
import type { Actor } from '../actor.js';
import { openAudit } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';

/** Failed logins of a user from one network, in the window. */
export interface LoginFailure {
  /** an IPv4 address or the /64 of an IPv6 address; empty: unknown */
  network: string;
  failures: number;
  /** unix seconds */
  last_at: number;
  /** the user has logged in from there before */
  known: boolean;
  /** logins from there are currently refused */
  locked: boolean;
}

/** Most rows shown, the newest ones. */
const maxRows = 100;

const ofUser: Statement = {
  name: 'console_login_failures',
  // Counted as at a login: each known network separately, all others together.
  text: `
    WITH failed AS (
      SELECT f.place AS network, f.last_at,
        (SELECT count(*) FROM unnest(f.failed_at) AS at WHERE at > now() - make_interval(secs => $2))::int4 AS failures,
        EXISTS (SELECT FROM login_place p WHERE p.user_id = u.id AND p.place = f.place) AS known
      FROM im_user u JOIN login_failure f ON f.name = u.name COLLATE "C"
      WHERE u.id = $1 AND f.last_at > now() - make_interval(secs => $2))
    SELECT network, failures, known, extract(epoch FROM last_at)::float8 AS last_at,
      CASE WHEN known THEN failures ELSE coalesce(sum(failures) FILTER (WHERE NOT known) OVER (), 0) END >= $3 AS locked
    FROM failed ORDER BY failed.last_at DESC LIMIT ${maxRows}`,
};

const userName: Statement = {
  name: 'console_name_of_user',
  text: 'SELECT name FROM im_user WHERE id = $1',
};

const forget: Statement = {
  name: 'console_forget_user_failures',
  text: 'DELETE FROM login_failure WHERE name = $1 RETURNING place',
};

/** Failed logins of users, after too many of which logins are refused for a while. */
export class LoginFailures {
  readonly #database: Database;
  readonly #limit: LoginLimit;

  constructor(database: Database, limit: LoginLimit) {
    this.#database = database;
    this.#limit = limit;
  }

  /** Newest first. */
  async ofUser(userId: number): Promise<LoginFailure[]> {
    if (!isStorableId(userId)) return [];
    const { windowSeconds, maxFailures } = this.#limit;
    return this.#database.query<LoginFailure>(ofUser, [userId, windowSeconds, maxFailures]);
  }

  /** Forgets a user's failures, so that they can try again at once. @returns false when there is no such user */
  async unlock(userId: number, actor: Actor): Promise<boolean> {
    if (!isStorableId(userId)) return false;
    return this.#database.transaction('console_unlock_user', async (query) => {
      const record = await openAudit(query, actor);
      const [user] = await query<{ name: string }>(userName, [userId]);
      if (!user) return false;
      const networks = await query(forget, [user.name]);
      if (networks.length > 0) {
        const before = { failedFrom: networks.length };
        await record({ verb: 'user.unlock', resource: `user ${userId}`, before });
      }
      return true;
    });
  }
}
