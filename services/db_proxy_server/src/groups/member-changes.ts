import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';
import { mayChangeMembers, type WantedChange } from './permissions.js';

export interface MemberChange extends WantedChange {
  groupId: number;
  /** by an administrator, who may change any group; `userId` is ignored */
  byAdmin: boolean;
}

export type MemberChangeOutcome =
  | { result: 'not-found' | 'not-permitted' | 'full' }
  | {
      result: 'ok';
      /** members after the change, ascending */
      current: number[];
      /** users actually added or removed, ascending */
      changed: number[];
      /** of the group after the change; 0 when nothing changed */
      version: number;
    };

interface GroupRow {
  type: number;
  creator_id: number;
  owner_adds_only: boolean;
  /** null: only the limit of the installation */
  max_members: number | null;
}

/** Serialises changes of a group until the end of the transaction. */
const lockGroup: Statement = {
  name: 'group_lock',
  text: `
    SELECT type, creator_id, owner_adds_only, max_members
    FROM chat_group WHERE id = $1 AND status = 0 FOR NO KEY UPDATE`,
};

const memberIds: Statement = {
  name: 'group_member_ids',
  text: 'SELECT array(SELECT user_id FROM group_member WHERE group_id = $1 ORDER BY user_id) AS ids',
};

const whoWorksHere: Statement = {
  name: 'users_who_work_here',
  text: `
    SELECT array(
      SELECT id FROM im_user WHERE id = ANY ($1::int4[]) AND status <> ${userHasLeft} ORDER BY id
    ) AS ids`,
};

/**
 * Locks the row that every message to the group needs for its number, so that each message is ordered either before or
 * after the change of members. The lock order is that of append_messages: the conversation, then members' rows
 * ascending. Creates the row where the group has none yet, and changes nothing in an existing one.
 */
export const lockConversation: Statement = {
  name: 'group_lock_conversation',
  text: `
    INSERT INTO conversation AS c (conv) VALUES ($1::int4)
    ON CONFLICT (conv) DO UPDATE SET last_at = c.last_at
    RETURNING last_id`,
};

const addMembers: Statement = {
  name: 'group_add_members',
  text: `
    INSERT INTO group_member (group_id, user_id, join_msg_id, read_id)
    SELECT $1, user_id, $3, $3 FROM unnest($2::int4[]) AS user_id ORDER BY user_id`,
};

const removeMembers: Statement = {
  name: 'group_remove_members',
  // Locked in ascending order, as in mark_read.
  text: `
    WITH leaving AS (
      SELECT user_id FROM group_member WHERE group_id = $1 AND user_id = ANY ($2::int4[])
      ORDER BY user_id FOR UPDATE
    )
    DELETE FROM group_member m USING leaving WHERE m.group_id = $1 AND m.user_id = leaving.user_id`,
};

// dissolved-groups.ts restores them.
const rememberMembers: Statement = {
  name: 'group_remember_members',
  text: `
    WITH dissolved AS (
      INSERT INTO dissolved_group (group_id) VALUES ($1)
      ON CONFLICT (group_id) DO UPDATE SET dissolved_at = now() RETURNING group_id
    )
    INSERT INTO dissolved_member (group_id, user_id, joined_at, join_msg_id, read_id, removed_id, shield, muted_until)
    SELECT m.group_id, m.user_id, m.joined_at, m.join_msg_id, m.read_id, m.removed_id, m.shield, m.muted_until
    FROM dissolved JOIN group_member m USING (group_id)
    ON CONFLICT DO NOTHING`,
};

const growVersion: Statement = {
  name: 'group_grow_version',
  // status 1: dissolved
  text: `
    UPDATE chat_group SET version = version + 1, updated_at = clock_timestamp(),
      status = CASE WHEN $2::bool THEN 1 ELSE status END
    WHERE id = $1 RETURNING version`,
};

/** Changes of group members. */
export class MemberChanges {
  readonly #database: Database;
  readonly #maxMembers: number;

  constructor(database: Database, maxMembers: number) {
    this.#database = database;
    this.#maxMembers = maxMembers;
  }

  /**
   * Adds or removes members atomically. Users already in the desired state, unknown and disabled users are left out. A
   * new or returning member sees only later messages. A group that loses its last member is dissolved.
   */
  async change(change: MemberChange): Promise<MemberChangeOutcome> {
    return this.#database.transaction('change_members', (query) => this.changeWith(query, change));
  }

  /** `change` as part of a transaction. */
  async changeWith(query: Query, change: MemberChange): Promise<MemberChangeOutcome> {
    const { groupId, kind, byAdmin } = change;
    if (!isStorableId(groupId)) return { result: 'not-found' };
    const [group] = await query<GroupRow>(lockGroup, [groupId]);
    if (!group) return { result: 'not-found' };
    const members = new Set(await ids(query, memberIds, groupId));
    const rights = {
      type: group.type,
      creatorId: group.creator_id,
      ownerAddsOnly: group.owner_adds_only,
      memberIds: members,
    };
    if (!byAdmin && !mayChangeMembers(rights, change)) return { result: 'not-permitted' };

    const wanted = [...new Set(change.userIds)].filter(isStorableId);
    if (kind === 'add') {
      const strangers = wanted.filter((id) => !members.has(id));
      const changed = strangers.length > 0 ? await ids(query, whoWorksHere, strangers) : [];
      const most = Math.min(group.max_members ?? this.#maxMembers, this.#maxMembers);
      if (members.size + changed.length > most && changed.length > 0) return { result: 'full' };
      for (const id of changed) members.add(id);
      const version = await this.#write(query, groupId, 'add', changed, false);
      return { result: 'ok', current: ascending(members), changed, version };
    }
    const changed = ascending(wanted.filter((id) => members.delete(id)));
    const version = await this.#write(query, groupId, 'remove', changed, members.size === 0);
    return { result: 'ok', current: ascending(members), changed, version };
  }

  /** @returns the group's new version; 0 when nothing changes */
  async #write(
    query: Query,
    groupId: number,
    kind: MemberChange['kind'],
    userIds: number[],
    dissolved: boolean,
  ): Promise<number> {
    if (userIds.length === 0) return 0;
    const [conversation] = await query<{ last_id: number }>(lockConversation, [groupId]);
    if (kind === 'add') await query(addMembers, [groupId, userIds, conversation?.last_id ?? 0]);
    else {
      if (dissolved) await query(rememberMembers, [groupId]);
      await query(removeMembers, [groupId, userIds]);
    }
    const [group] = await query<{ version: number }>(growVersion, [groupId, dissolved]);
    return group?.version ?? 0;
  }
}

async function ids(query: Query, statement: Statement, value: unknown): Promise<number[]> {
  const [row] = await query<{ ids: number[] }>(statement, [value]);
  return row?.ids ?? [];
}

function ascending(userIds: Iterable<number>): number[] {
  return [...userIds].sort((a, b) => a - b);
}
