import type { Actor } from '../actor.js';
import { requireText, type SaveOutcome } from '../administration/changes.js';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { changeLifecycle } from './retention-rules.js';

interface LegalHold {
  id: number;
  reason: string;
  /** either userId or groupId is set */
  userId: number | null;
  groupId: number | null;
  /** name of the user or group */
  name: string;
  placedBy: string;
  /** unix seconds */
  placedAt: number;
}

interface NewHold {
  reason: string;
  /** 0: none; either userId or groupId is given */
  userId: number;
  groupId: number;
}

const maxReason = 200;

const list: Statement = {
  name: 'legal_holds',
  text: `
    SELECT h.id, h.reason, h.user_id AS "userId", h.group_id AS "groupId", coalesce(u.name, g.name) AS name,
      h.placed_by AS "placedBy", extract(epoch FROM h.placed_at)::float8 AS "placedAt"
    FROM legal_hold h LEFT JOIN im_user u ON u.id = h.user_id LEFT JOIN chat_group g ON g.id = h.group_id
    WHERE h.released_at IS NULL ORDER BY h.id`,
};

const exists: Statement = {
  name: 'legal_hold_subject',
  text: 'SELECT FROM im_user WHERE id = $1 UNION ALL SELECT FROM chat_group WHERE id = $2',
};

const same: Statement = {
  name: 'legal_hold_same',
  text: `
    SELECT id FROM legal_hold
    WHERE released_at IS NULL AND reason = $1 AND coalesce(user_id, 0) = $2 AND coalesce(group_id, 0) = $3`,
};

const place: Statement = {
  name: 'legal_hold_place',
  text: `
    INSERT INTO legal_hold (reason, user_id, group_id, placed_by)
    VALUES ($1, nullif($2::int4, 0), nullif($3::int4, 0), $4) RETURNING id`,
};

const lock: Statement = {
  name: 'legal_hold_lock',
  text: `
    SELECT reason, user_id, group_id FROM legal_hold WHERE id = $1 AND released_at IS NULL FOR UPDATE`,
};

const release: Statement = {
  name: 'legal_hold_release',
  text: 'UPDATE legal_hold SET released_at = now() WHERE id = $1',
};

/** Legal holds: nothing that an active hold covers is removed. */
export class LegalHolds {
  readonly #database: Pick<Database, 'query' | 'transaction'>;

  constructor(database: Pick<Database, 'query' | 'transaction'>) {
    this.#database = database;
  }

  /** Active holds, oldest first. */
  all(): Promise<LegalHold[]> {
    return this.#database.query<LegalHold>(list, []);
  }

  /**
   * Once it resolves, nothing of the user or group is removed any more. Repeating the call with the same reason returns the same
   * hold.
   * @throws TeamTalkError `invalid-argument` when the reason is empty or too long
   */
  async place({ reason, userId, groupId }: NewHold, actor: Actor): Promise<SaveOutcome> {
    requireText('a reason', reason, 1, maxReason);
    const isPossible = userId === 0 ? isStorableId(groupId) : groupId === 0 && isStorableId(userId);
    if (!isPossible) return { result: 'not-found' };
    return changeLifecycle(this.#database, 'legal_hold_place', actor, async (query, record) => {
      if ((await query(exists, [userId, groupId])).length === 0) return { result: 'not-found' };
      const [known] = await query<{ id: number }>(same, [reason, userId, groupId]);
      if (known) return { result: 'saved', id: known.id };
      const [row] = await query<{ id: number }>(place, [reason, userId, groupId, actor.name]);
      const id = row?.id ?? 0;
      await record({
        verb: 'hold.place',
        resource: resourceOf(userId, groupId),
        after: { hold: id, reason },
      });
      return { result: 'saved', id };
    });
  }

  /** From then on the retention rules apply again, unless another hold covers the same messages. */
  async release(id: number, actor: Actor): Promise<SaveOutcome> {
    if (!isStorableId(id)) return { result: 'not-found' };
    return changeLifecycle(this.#database, 'legal_hold_release', actor, async (query, record) => {
      const [hold] = await query<{ reason: string; user_id: number | null; group_id: number | null }>(lock, [
        id,
      ]);
      if (!hold) return { result: 'not-found' };
      await query(release, [id]);
      await record({
        verb: 'hold.release',
        resource: resourceOf(hold.user_id ?? 0, hold.group_id ?? 0),
        before: { hold: id, reason: hold.reason },
      });
      return { result: 'saved', id };
    });
  }
}

function resourceOf(userId: number, groupId: number): string {
  return userId === 0 ? `group ${groupId}` : `user ${userId}`;
}
