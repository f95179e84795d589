import { IM } from '@teamtalk/protocol';
import type { Database, Query, Statement } from '../database/database.js';
import { clampToStorable, isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';

export interface GroupVersion {
  id: number;
  version: number;
}

export interface GroupRow extends GroupVersion {
  name: string;
  avatar: string;
  creator_id: number;
  /** 1 normal, 2 temporary */
  type: number;
  /** whether the requesting member has muted it */
  shield: boolean;
  /** ascending */
  member_ids: number[];
}

export interface NewGroup {
  /** 1 normal, 2 temporary */
  type: number;
  name: string;
  avatar: string;
  /** becomes a member whether listed or not; 0: none */
  creatorId: number;
  /** an unknown or disabled creator is refused */
  needsCreator: boolean;
  memberIds: readonly number[];
}

export type CreateOutcome =
  | { result: 'created'; id: number /** the creator first, then as listed */; memberIds: number[] }
  | { result: 'nobody' | 'full' };

const { GROUP_TYPE_NORMAL } = IM.BaseDefine.GroupType;

/** Most groups in one list of a user, the newest ones. */
const maxListed = 5_000;
/** Most members in one reply; further groups are returned when they are requested again. */
const maxMembersInAnswer = 200_000;

const list: Statement = {
  name: 'groups_of_user',
  text: `
    SELECT g.id, g.version FROM group_member m JOIN chat_group g ON g.id = m.group_id
    WHERE m.user_id = $1 AND g.type = ${GROUP_TYPE_NORMAL} AND g.status = 0 ORDER BY g.id DESC LIMIT ${maxListed}`,
};

const changed: Statement = {
  name: 'groups_changed',
  text: `
    WITH wanted AS MATERIALIZED (
      SELECT g.*, m.shield, (SELECT count(*) FROM group_member x WHERE x.group_id = g.id) AS size
      FROM unnest($2::int4[], $3::int4[]) AS asked(id, version)
      JOIN group_member m ON m.group_id = asked.id AND m.user_id = $1
      JOIN chat_group g ON g.id = asked.id AND g.version > asked.version
    ), fitting AS (
      SELECT *, sum(size) OVER (ORDER BY id) AS together FROM wanted
    )
    SELECT f.id, f.version, f.name, f.avatar, f.creator_id, f.type, f.shield,
      array(SELECT x.user_id FROM group_member x WHERE x.group_id = f.id ORDER BY x.user_id) AS member_ids
    FROM fitting f WHERE f.together <= ${maxMembersInAnswer} OR f.together = f.size ORDER BY f.id`,
};

const create: Statement = {
  name: 'group_create',
  text: `
    WITH members AS MATERIALIZED (
      SELECT u.id, listed.place
      FROM unnest($1::int4[]) WITH ORDINALITY AS listed(id, place)
      JOIN im_user u ON u.id = listed.id
      WHERE u.status <> ${userHasLeft}
    ), made AS (
      INSERT INTO chat_group (name, avatar, type, creator_id)
      SELECT $2::text, $3::text, $4::int2, coalesce((SELECT id FROM members WHERE id = $5::int8), 0)
      WHERE (SELECT count(*) FROM members) BETWEEN 1 AND $7::int4
        AND (NOT $6::bool OR EXISTS (SELECT FROM members WHERE id = $5::int8))
      RETURNING id
    ), talk AS (
      INSERT INTO conversation (conv) SELECT id FROM made
    ), joined AS (
      INSERT INTO group_member (group_id, user_id)
      SELECT made.id, members.id FROM made, members ORDER BY members.id
    )
    SELECT (SELECT id FROM made) AS id, array(SELECT id FROM members ORDER BY place) AS member_ids`,
};

const setShield: Statement = {
  name: 'group_set_shield',
  text: 'UPDATE group_member SET shield = $3 WHERE group_id = $1 AND user_id = $2 RETURNING user_id',
};

/** Reads and creates groups; member-changes.ts changes members. */
export class Groups {
  readonly #database: Database;
  readonly #maxMembers: number;

  constructor(database: Database, maxMembers: number) {
    this.#database = database;
    this.#maxMembers = maxMembers;
  }

  /** The normal groups of a user, the newest first. */
  async normalGroupsOf(userId: number): Promise<GroupVersion[]> {
    if (!isStorableId(userId)) return [];
    return this.#database.query<GroupVersion>(list, [userId]);
  }

  /** The known groups the user is a member of whose version is newer than the given one; by id. */
  async changed(userId: number, known: readonly GroupVersion[]): Promise<GroupRow[]> {
    const versions = new Map<number, number>();
    for (const { id, version } of known) {
      if (!isStorableId(id)) continue;
      versions.set(id, Math.min(clampToStorable(version), versions.get(id) ?? version));
    }
    if (!isStorableId(userId) || versions.size === 0) return [];
    return this.#database.query<GroupRow>(changed, [userId, [...versions.keys()], [...versions.values()]]);
  }

  /**
   * Creates a group with the listed members that exist and are not disabled.
   * @param query of an enclosing transaction
   */
  async create(group: NewGroup, query?: Query): Promise<CreateOutcome> {
    const { type, name, avatar, creatorId, needsCreator, memberIds } = group;
    const listed = [...new Set([creatorId, ...memberIds])].filter(isStorableId);
    const values = [listed, name, avatar, type, creatorId, needsCreator, this.#maxMembers];
    type Row = { id: number | null; member_ids: number[] };
    const [row] = await (query ? query<Row>(create, values) : this.#database.query<Row>(create, values));
    const { id = null, member_ids: found = [] } = row ?? {};
    if (id !== null) return { result: 'created', id, memberIds: found };
    return { result: found.length > this.#maxMembers ? 'full' : 'nobody' };
  }

  /** @returns whether the user is a member */
  async setShield(groupId: number, userId: number, shield: boolean): Promise<boolean> {
    if (!isStorableId(groupId) || !isStorableId(userId)) return false;
    return (await this.#database.query(setShield, [groupId, userId, shield])).length > 0;
  }
}
