import type { Actor } from '../actor.js';
import { openAudit, type RecordEvent } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';
import type { MemberChanges } from './member-changes.js';

/** A change to a group, from which its members are notified. */
export interface ChangedGroup {
  groupId: number;
  /** after this change; clients ignore a version they already know */
  version: number;
  /** members after the change, ascending */
  current: number[];
  added: number[];
  removed: number[];
  /** the new owner if ownership changed, otherwise 0 */
  newOwner: number;
}

export type DepartureOutcome =
  | { result: 'not-found' | 'conflict' | 'unknown-successor' }
  | { result: 'done'; groups: ChangedGroup[]; remaining: number };

/** Groups handled per call, each in its own transaction. */
const groupsAtATime = 20;

const statusOf: Statement = {
  name: 'departure_status',
  text: `SELECT status = ${userHasLeft} AS has_left FROM im_user WHERE id = $1`,
};

const groupsOf: Statement = {
  name: 'departure_groups',
  text: 'SELECT group_id, count(*) OVER ()::int4 AS total FROM group_member WHERE user_id = $1 ORDER BY 1 LIMIT $2',
};

const leftGroups: Statement = {
  name: 'departure_left_groups',
  text: 'SELECT group_id, count(*) OVER ()::int4 AS total FROM left_group WHERE user_id = $1 ORDER BY 1 LIMIT $2',
};

const lockGroup: Statement = {
  name: 'departure_lock_group',
  text: 'SELECT creator_id FROM chat_group WHERE id = $1 AND status = 0 FOR NO KEY UPDATE',
};

// Of members who joined at the same time, the one with the lowest id.
const longestMember: Statement = {
  name: 'departure_longest_member',
  text: `
    SELECT m.user_id FROM group_member m JOIN im_user u ON u.id = m.user_id
    WHERE m.group_id = $1 AND m.user_id <> $2 AND u.status <> ${userHasLeft}
      AND NOT EXISTS (SELECT FROM bot b WHERE b.user_id = m.user_id)
    ORDER BY m.joined_at, m.user_id LIMIT 1`,
};

const setOwner: Statement = {
  name: 'departure_set_owner',
  text: 'UPDATE chat_group SET creator_id = $2 WHERE id = $1',
};

const forget: Statement = {
  name: 'departure_forget',
  text: 'DELETE FROM left_group WHERE user_id = $1 AND group_id = $2 RETURNING heir_id',
};

const remember: Statement = {
  name: 'departure_remember',
  text: `
    INSERT INTO left_group (user_id, group_id, heir_id) VALUES ($1, $2, nullif($3::int4, 0))
    ON CONFLICT (user_id, group_id) DO UPDATE SET heir_id = excluded.heir_id, left_at = now()`,
};

// A group whose members have all left the company, at least two of them, and one is back. An owner among them gets it back in turn.
const reopen: Statement = {
  name: 'departure_reopen',
  text: `
    WITH reopened AS (
      UPDATE chat_group g SET status = 0, creator_id = $2, version = g.version + 1, updated_at = clock_timestamp()
      FROM chat_group before, dissolved_group d
      WHERE g.id = $1 AND before.id = g.id AND d.group_id = g.id AND g.status = 1
        AND EXISTS (SELECT FROM left_group l WHERE l.group_id = g.id AND l.user_id <> $2)
        AND NOT EXISTS (SELECT FROM dissolved_member m WHERE m.group_id = g.id AND m.user_id <> $2
          AND NOT EXISTS (SELECT FROM left_group l WHERE l.group_id = g.id AND l.user_id = m.user_id))
      RETURNING g.id, before.creator_id AS owner
    ), forgotten AS (
      DELETE FROM dissolved_group d USING reopened r WHERE d.group_id = r.id
    ), heir AS (
      UPDATE left_group l SET heir_id = $2 FROM reopened r WHERE l.group_id = r.id AND l.user_id = r.owner
    )
    SELECT owner FROM reopened`,
};

/** Takes users who have left the company out of their groups, and puts them back when they are restored. */
export class Departures {
  readonly #database: Database;
  readonly #memberChanges: MemberChanges;

  constructor(database: Database, memberChanges: MemberChanges) {
    this.#database = database;
    this.#memberChanges = memberChanges;
  }

  /**
   * Takes a user who has left out of some of their groups; call it until none remains. Ownership passes to the successor, who
   * becomes a member. Without a successor, or in a full group, it passes to the longest-standing member.
   * @param successorId 0: none
   */
  async leave(userId: number, successorId: number, actor: Actor): Promise<DepartureOutcome> {
    const hasLeft = await this.#hasLeft(userId);
    if (hasLeft === undefined) return { result: 'not-found' };
    if (!hasLeft) return { result: 'conflict' };
    if (successorId !== 0 && (await this.#hasLeft(successorId)) !== false) {
      return { result: 'unknown-successor' };
    }
    return this.#each(groupsOf, userId, (groupId) =>
      this.#inGroup('leave_group', groupId, actor, async (query, owner, record) => {
        const owned = owner === userId;
        const added = owned ? await this.#add(query, groupId, successorId) : undefined;
        const heir = owned ? (added ? successorId : await longest(query, groupId, userId)) : 0;
        if (heir !== 0) await query(setOwner, [groupId, heir]);
        const removal = { groupId, kind: 'remove', byAdmin: true, userId, userIds: [userId] } as const;
        const outcome = await this.#memberChanges.changeWith(query, removal);
        if (outcome.result !== 'ok' || outcome.changed.length === 0) return [];
        await query(remember, [userId, groupId, heir]);
        const { current, version } = outcome;
        await record({
          verb: 'group.remove',
          resource: `group ${groupId}`,
          ...(heir !== 0 && { before: { creatorId: userId } }),
          after: {
            userIds: [userId],
            members: current.length,
            version,
            ...(heir !== 0 && { creatorId: heir }),
          },
        });
        const removed = { groupId, version, current, added: [], removed: [userId], newOwner: heir };
        return added && added.added.length > 0 ? [added, removed] : [removed];
      }),
    );
  }

  /** Puts a restored user back into some of the groups that `leave` took them out of; call it until none remains. */
  async rejoin(userId: number, actor: Actor): Promise<DepartureOutcome> {
    const hasLeft = await this.#hasLeft(userId);
    if (hasLeft === undefined) return { result: 'not-found' };
    if (hasLeft) return { result: 'conflict' };
    return this.#each(leftGroups, userId, (groupId) =>
      this.#inGroup('rejoin_group', groupId, actor, async (query, owner, record) => {
        const [left] = await query<{ heir_id: number | null }>(forget, [userId, groupId]);
        if (!left) return [];
        const reopened = owner === undefined && (await query(reopen, [groupId, userId])).length > 0;
        if (owner === undefined && !reopened) return [];
        const addition = { groupId, kind: 'add', byAdmin: true, userId, userIds: [userId] } as const;
        const outcome = await this.#memberChanges.changeWith(query, addition);
        if (outcome.result !== 'ok' || outcome.changed.length === 0) return [];
        // Unless ownership has changed again in the meantime.
        const isHeirs = left.heir_id !== null && left.heir_id === owner;
        if (isHeirs) await query(setOwner, [groupId, userId]);
        const isOwner = isHeirs || reopened;
        const { current, version } = outcome;
        await record({
          verb: 'group.add',
          resource: `group ${groupId}`,
          ...(isHeirs && { before: { creatorId: owner } }),
          after: {
            userIds: [userId],
            members: current.length,
            version,
            ...(isOwner && { creatorId: userId }),
          },
        });
        return [{ groupId, version, current, added: [userId], removed: [], newOwner: isOwner ? userId : 0 }];
      }),
    );
  }

  /** @returns undefined when there is no such user */
  async #hasLeft(userId: number): Promise<boolean | undefined> {
    if (!isStorableId(userId)) return undefined;
    return (await this.#database.query<{ has_left: boolean }>(statusOf, [userId]))[0]?.has_left;
  }

  async #each(
    listed: Statement,
    userId: number,
    work: (groupId: number) => Promise<ChangedGroup[]>,
  ): Promise<DepartureOutcome> {
    const rows = await this.#database.query<{ group_id: number; total: number }>(listed, [
      userId,
      groupsAtATime,
    ]);
    const groups: ChangedGroup[] = [];
    for (const { group_id: groupId } of rows) {
      groups.push(...(await work(groupId)));
    }
    return { result: 'done', groups, remaining: (rows[0]?.total ?? 0) - rows.length };
  }

  /** @param work receives the group's owner; undefined: the group is dissolved */
  #inGroup(
    name: string,
    groupId: number,
    actor: Actor,
    work: (query: Query, owner: number | undefined, record: RecordEvent) => Promise<ChangedGroup[]>,
  ): Promise<ChangedGroup[]> {
    return this.#database.transaction(name, async (query) => {
      const record = await openAudit(query, actor);
      const [group] = await query<{ creator_id: number }>(lockGroup, [groupId]);
      return work(query, group?.creator_id, record);
    });
  }

  /** @returns undefined when the user could not be added */
  async #add(query: Query, groupId: number, userId: number): Promise<ChangedGroup | undefined> {
    if (userId === 0) return undefined;
    const addition = { groupId, kind: 'add', byAdmin: true, userId, userIds: [userId] } as const;
    const outcome = await this.#memberChanges.changeWith(query, addition);
    if (outcome.result !== 'ok' || !outcome.current.includes(userId)) return undefined;
    const { current, changed, version } = outcome;
    return { groupId, version, current, added: changed, removed: [], newOwner: 0 };
  }
}

async function longest(query: Query, groupId: number, without: number): Promise<number> {
  return (await query<{ user_id: number }>(longestMember, [groupId, without]))[0]?.user_id ?? 0;
}
