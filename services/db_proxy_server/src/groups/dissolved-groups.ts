import type { Actor } from '../actor.js';
import { openAudit } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { containing } from '../database/text.js';
import { userHasLeft } from '../entities/index.js';
import { lockConversation, type MemberChanges } from './member-changes.js';
import type { ModerationOutcome } from './moderated-group.js';

export interface DissolvedGroup {
  id: number;
  name: string;
  type: number;
  /** who would return */
  members: number;
  /** unix seconds, as all times here */
  dissolved_at: number;
  kept_until: number;
}

/** Days for which a dissolved group can be restored. */
const keptDays = 30;
const kept = `dissolved_at > now() - interval '${keptDays} days'`;
const maxPage = 1_000;

const membersOf: Statement = {
  name: 'dissolve_members',
  text: `
    SELECT array(SELECT user_id FROM group_member m WHERE m.group_id = g.id ORDER BY user_id) AS ids
    FROM chat_group g WHERE g.id = $1 AND g.status = 0 FOR NO KEY UPDATE`,
};

const list: Statement = {
  name: 'dissolved_groups',
  text: `
    SELECT g.id, g.name, g.type, extract(epoch FROM d.dissolved_at)::float8 AS dissolved_at,
      extract(epoch FROM d.dissolved_at + interval '${keptDays} days')::float8 AS kept_until,
      (SELECT count(*)::int4 FROM dissolved_member m JOIN im_user u ON u.id = m.user_id
        WHERE m.group_id = g.id AND u.status <> ${userHasLeft}) AS members
    FROM dissolved_group d JOIN chat_group g ON g.id = d.group_id
    WHERE g.id > $1 AND ($3 = '' OR g.name ILIKE $3) AND ${kept} ORDER BY g.id LIMIT $2`,
};

const lockDissolved: Statement = {
  name: 'dissolved_lock',
  text: `
    SELECT g.creator_id FROM chat_group g JOIN dissolved_group d ON d.group_id = g.id
    WHERE g.id = $1 AND g.status = 1 AND ${kept} FOR NO KEY UPDATE`,
};

const returnMembers: Statement = {
  name: 'dissolved_return_members',
  text: `
    INSERT INTO group_member (group_id, user_id, joined_at, join_msg_id, read_id, removed_id, shield, muted_until)
    SELECT d.group_id, d.user_id, d.joined_at, d.join_msg_id, d.read_id, d.removed_id, d.shield, d.muted_until
    FROM dissolved_member d JOIN im_user u ON u.id = d.user_id
    WHERE d.group_id = $1 AND u.status <> ${userHasLeft} ORDER BY d.user_id
    RETURNING user_id`,
};

const reopen: Statement = {
  name: 'dissolved_reopen',
  text: `
    UPDATE chat_group SET status = 0, version = version + 1, updated_at = clock_timestamp(), creator_id = coalesce((
        SELECT m.user_id FROM group_member m WHERE m.group_id = $1
          AND (m.user_id = creator_id OR NOT EXISTS (SELECT FROM bot b WHERE b.user_id = m.user_id))
        ORDER BY m.user_id <> creator_id, m.joined_at, m.user_id LIMIT 1), 0)
    WHERE id = $1 RETURNING version, creator_id`,
};

const forget: Statement = {
  name: 'dissolved_forget',
  text: 'DELETE FROM dissolved_group WHERE group_id = $1',
};

const purge: Statement = {
  name: 'dissolved_purge',
  text: `
    DELETE FROM dissolved_group WHERE group_id IN (
      SELECT group_id FROM dissolved_group WHERE NOT ${kept} LIMIT 20) RETURNING group_id`,
};

/** Dissolves groups, and restores them with the members they had. */
export class DissolvedGroups {
  readonly #database: Database;
  readonly #memberChanges: MemberChanges;

  constructor(database: Database, memberChanges: MemberChanges) {
    this.#database = database;
    this.#memberChanges = memberChanges;
  }

  /** Takes all members out of the group, which are remembered. */
  async dissolve(groupId: number, actor: Actor): Promise<ModerationOutcome> {
    if (!isStorableId(groupId)) return { result: 'not-found' };
    return this.#database.transaction('dissolve_group', async (query) => {
      const record = await openAudit(query, actor);
      const [group] = await query<{ ids: number[] }>(membersOf, [groupId]);
      if (!group) return { result: 'not-found' };
      const removal = { groupId, kind: 'remove', byAdmin: true, userId: 0, userIds: group.ids } as const;
      const outcome = await this.#memberChanges.changeWith(query, removal);
      if (outcome.result !== 'ok' || outcome.changed.length === 0) return { result: 'not-found' };
      const { changed, current, version } = outcome;
      const before = { userIds: changed };
      await record({ verb: 'group.dissolve', resource: `group ${groupId}`, before, after: { version } });
      return {
        result: 'done',
        groups: [{ groupId, version, current, added: [], removed: changed, newOwner: 0 }],
      };
    });
  }

  /** Groups that can be restored, ascending by id, at most 1,000. @param text part of the name; empty: any */
  async list(after: number, limit: number, text: string): Promise<DissolvedGroup[]> {
    if (after !== 0 && !isStorableId(after)) return [];
    return this.#database.query<DissolvedGroup>(list, [after, Math.min(limit, maxPage), containing(text)]);
  }

  /**
   * Restores a group with its last members, besides those who have left the company. They see the messages that they saw
   * before. If the owner is not among them, the longest-standing member is the owner.
   */
  async restore(groupId: number, actor: Actor): Promise<ModerationOutcome> {
    if (!isStorableId(groupId)) return { result: 'not-found' };
    return this.#database.transaction('restore_group', async (query) => {
      const record = await openAudit(query, actor);
      const [group] = await query<{ creator_id: number }>(lockDissolved, [groupId]);
      if (!group) return { result: 'not-found' };
      await query(lockConversation, [groupId]);
      const members = (await query<{ user_id: number }>(returnMembers, [groupId])).map((row) => row.user_id);
      if (members.length === 0) return { result: 'unknown-user' };
      await query(forget, [groupId]);
      const [row] = await query<{ version: number; creator_id: number }>(reopen, [groupId]);
      const { version = 0, creator_id: creatorId = 0 } = row ?? {};
      const after = { userIds: members, version, creatorId };
      await record({ verb: 'group.restore', resource: `group ${groupId}`, after });
      const newOwner = creatorId === group.creator_id ? 0 : creatorId;
      return {
        result: 'done',
        groups: [{ groupId, version, current: members, added: members, removed: [], newOwner }],
      };
    });
  }

  /** Forgets members of 20 groups that can no longer be restored. @returns how many groups */
  async purge(): Promise<number> {
    return (await this.#database.query(purge, [])).length;
  }
}
