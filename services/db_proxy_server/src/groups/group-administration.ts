import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { isChanged, requireText, type SaveOutcome } from '../administration/changes.js';
import { changesOf, openAudit } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { containing } from '../database/text.js';
import { pair } from '../messages/messages.js';

export interface GroupDetails {
  name: string;
  avatar: string;
  type: number;
  creator_id: number;
  version: number;
  /** ascending */
  member_ids: number[];
  owner_adds_only: boolean;
  /** 0: only the limit of the installation */
  max_members: number;
  announcement: string;
  /** unix seconds, as all times here; 0: none */
  announced_at: number;
  /** 0: everybody may write; Infinity: nobody for good */
  muted_until: number;
  /** members who are muted themselves, ascending */
  muted_ids: number[];
  /** parallel to muted_ids */
  muted_untils: number[];
}

export interface GroupSummary {
  id: number;
  name: string;
  avatar: string;
  type: number;
  creator_id: number;
  members: number;
}

/** null leaves a field unchanged */
export interface GroupFields {
  name: string | null;
  avatar: string | null;
  ownerAddsOnly: boolean | null;
  /** 0: only the limit of the installation */
  maxMembers: number | null;
}

export interface Receipts {
  last_id: number;
  user_ids: number[];
  /** newest message each has read, parallel to user_ids */
  read_ids: number[];
}

const maxPage = 1_000;

const find: Statement = {
  name: 'admin_find_groups',
  text: `
    SELECT g.id, g.name, g.avatar, g.type, g.creator_id,
      (SELECT count(*)::int4 FROM group_member m WHERE m.group_id = g.id) AS members
    FROM chat_group g WHERE g.id > $1 AND g.status = 0 AND ($3 = '' OR g.name ILIKE $3)
    ORDER BY g.id LIMIT $2`,
};

const details: Statement = {
  name: 'admin_group',
  text: `
    SELECT g.name, g.avatar, g.type, g.creator_id, g.version, g.owner_adds_only, g.announcement,
      coalesce(g.max_members, 0) AS max_members,
      coalesce(extract(epoch FROM g.announced_at), 0)::float8 AS announced_at,
      CASE WHEN g.muted_until > now() THEN extract(epoch FROM g.muted_until) ELSE 0 END::float8 AS muted_until,
      array(SELECT user_id FROM group_member m WHERE m.group_id = g.id ORDER BY user_id) AS member_ids,
      array(SELECT user_id FROM group_member m WHERE m.group_id = g.id AND m.muted_until > now()
        ORDER BY user_id) AS muted_ids,
      array(SELECT extract(epoch FROM muted_until)::float8 FROM group_member m
        WHERE m.group_id = g.id AND m.muted_until > now() ORDER BY user_id) AS muted_untils
    FROM chat_group g WHERE g.id = $1 AND g.status = 0`,
};

const change: Statement = {
  name: 'admin_change_group',
  text: `
    UPDATE chat_group SET name = coalesce($2, name), avatar = coalesce($3, avatar),
      owner_adds_only = coalesce($4, owner_adds_only),
      max_members = nullif(coalesce($5::int4, max_members), 0), version = version + 1, updated_at = clock_timestamp()
    WHERE id = $1 AND status = 0 RETURNING id`,
};

const lockGroup: Statement = {
  name: 'admin_lock_group',
  text: `
    SELECT name, avatar, owner_adds_only AS "ownerAddsOnly", coalesce(max_members, 0) AS "maxMembers"
    FROM chat_group WHERE id = $1 AND status = 0 FOR NO KEY UPDATE`,
};

const pairReceipts: Statement = {
  name: 'admin_pair_receipts',
  text: `
    SELECT last_id, ARRAY[(conv >> 32)::int4, (conv & 4294967295)::int4] AS user_ids,
      ARRAY[low_read, high_read] AS read_ids
    FROM conversation WHERE conv = ${pair}`,
};

const groupReceipts: Statement = {
  name: 'admin_group_receipts',
  text: `
    SELECT c.last_id, array(SELECT user_id FROM group_member m WHERE m.group_id = g.id ORDER BY user_id) AS user_ids,
      array(SELECT read_id FROM group_member m WHERE m.group_id = g.id ORDER BY user_id) AS read_ids
    FROM chat_group g JOIN conversation c ON c.conv = g.id WHERE g.id = $2 AND $1 = 0`,
};

/** Administration of groups and read receipts. */
export class GroupAdministration {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In ascending order of id, at most 1,000. @param text part of the name; empty: any */
  async find(after: number, limit: number, text: string): Promise<GroupSummary[]> {
    if (after !== 0 && !isStorableId(after)) return [];
    const values = [after, Math.min(limit, maxPage), containing(text)];
    return this.#database.query<GroupSummary>(find, values);
  }

  async details(groupId: number): Promise<GroupDetails | undefined> {
    if (!isStorableId(groupId)) return undefined;
    return (await this.#database.query<GroupDetails>(details, [groupId]))[0];
  }

  /**
   * Changes a group's name, avatar or rules; clients notice it by the version.
   * @param expected fields as the caller has read them; `changed` when one is different now
   * @throws TeamTalkError `invalid-argument` when a field is invalid
   */
  async change(
    groupId: number,
    fields: GroupFields,
    actor: Actor,
    expected?: Pick<GroupFields, 'name' | 'avatar'>,
  ): Promise<SaveOutcome> {
    const { name, avatar, ownerAddsOnly, maxMembers } = fields;
    requireText('a name', name, 1, 256);
    requireText('an avatar’s address', avatar, 0, 1024);
    if (maxMembers !== null && maxMembers !== 0 && !isStorableId(maxMembers)) {
      throw new TeamTalkError('invalid-argument', 'the limit of members is too large');
    }
    if (!isStorableId(groupId)) return { result: 'not-found' };
    return this.#database.transaction('change_group', async (query) => {
      const record = await openAudit(query, actor);
      const [current] = await query<GroupFields>(lockGroup, [groupId]);
      if (!current) return { result: 'not-found' };
      if (isChanged(current, expected)) return { result: 'changed' };
      await query(change, [groupId, name, avatar, ownerAddsOnly, maxMembers]);
      const changes = changesOf(current, fields);
      if (changes) await record({ verb: 'group.change', resource: `group ${groupId}`, ...changes });
      return { result: 'saved', id: groupId };
    });
  }

  /** @param userId one user of a pair; 0: `sessionId` is a group */
  async receipts(userId: number, sessionId: number): Promise<Receipts | undefined> {
    if (!isStorableId(sessionId)) return undefined;
    if (userId === 0) return (await this.#database.query<Receipts>(groupReceipts, [0, sessionId]))[0];
    if (!isStorableId(userId)) return undefined;
    return (await this.#database.query<Receipts>(pairReceipts, [userId, sessionId]))[0];
  }
}
