import type { Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import type { StoredMessage } from './stored-batch.js';

/** Most members of all cached lists together; 12 bytes each. */
const maxCachedMembers = 1_000_000;

interface MembersRow {
  id: number;
  version: number;
  /** in the order of joining, parallel to join_ids */
  user_ids: number[];
  join_ids: number[];
}

/** The members of a group at one version. */
export class MemberList {
  readonly version: number;
  readonly #userIds: number[];
  /** newest message when each joined, ascending */
  readonly #joinIds: Int32Array;

  constructor({ version, user_ids, join_ids }: Omit<MembersRow, 'id'>) {
    this.version = version;
    this.#userIds = user_ids;
    this.#joinIds = Int32Array.from(join_ids);
  }

  get size(): number {
    return this.#userIds.length;
  }

  /** Receivers of a message: members who joined before it. Only they see it in the history. */
  receiversOf(msgId: number): readonly number[] {
    let end = this.#joinIds.length;
    while (end > 0 && (this.#joinIds[end - 1] as number) >= msgId) end--;
    return end === this.#userIds.length ? this.#userIds : this.#userIds.slice(0, end);
  }
}

/** Member lists by group id, one for each group that has a message in a batch. */
export type MemberLists = ReadonlyMap<number, MemberList>;

export const noLists: MemberLists = new Map();
const nobody = new MemberList({ version: 0, user_ids: [], join_ids: [] });

/**
 * Caches group members for delivery. A list is valid for a message if its version is at least the group's version when
 * the message was stored. The commit returns that version, so no invalidation is needed.
 */
export class GroupMembers {
  readonly #pool: Pool;
  readonly #kit: Kit;
  /** in the order of loading */
  readonly #lists = new Map<number, MemberList>();
  #cachedMembers = 0;

  constructor(pool: Pool, kit: Kit) {
    this.#pool = pool;
    this.#kit = kit;
  }

  /** The lists for some messages; synchronous when all are cached in a sufficient version. */
  listsFor(messages: readonly StoredMessage[]): MemberLists | Promise<MemberLists> {
    let lists: Map<number, MemberList> | undefined;
    let missing: Set<number> | undefined;
    for (const { isGroup, toSessionId, groupVersion } of messages) {
      if (!isGroup || lists?.has(toSessionId) || missing?.has(toSessionId)) continue;
      lists ??= new Map();
      const list = this.#lists.get(toSessionId);
      if (list && list.version >= groupVersion) {
        lists.set(toSessionId, list);
      } else {
        missing ??= new Set();
        missing.add(toSessionId);
      }
    }
    if (!lists) return noLists;
    return missing ? this.#load([...missing], lists) : lists;
  }

  /** Clears the cache, after a loss of data has made versions ambiguous. */
  clear(): void {
    this.#lists.clear();
    this.#cachedMembers = 0;
  }

  async #load(groupIds: number[], lists: Map<number, MemberList>): Promise<MemberLists> {
    try {
      const { rows } = await this.#pool.query<MembersRow>({
        name: 'group_members',
        text: `
          SELECT g.id, g.version, coalesce(m.user_ids, '{}') AS user_ids, coalesce(m.join_ids, '{}') AS join_ids
          FROM chat_group g
          LEFT JOIN LATERAL (
            SELECT array_agg(x.user_id ORDER BY x.join_msg_id, x.user_id) AS user_ids,
              array_agg(x.join_msg_id ORDER BY x.join_msg_id, x.user_id) AS join_ids
            FROM group_member x WHERE x.group_id = g.id
          ) m ON true
          WHERE g.id = ANY ($1::int4[])`,
        values: [groupIds],
      });
      for (const id of groupIds) lists.set(id, nobody);
      for (const row of rows) {
        const list = new MemberList(row);
        lists.set(row.id, list);
        this.#cache(row.id, list);
      }
      return lists;
    } catch (error) {
      this.#kit.log.warn({ err: error, groups: groupIds.length }, 'group member load failed');
      throw error;
    }
  }

  #cache(groupId: number, list: MemberList): void {
    const known = this.#lists.get(groupId);
    // A slower load may return an older version.
    if (known && known.version > list.version) return;
    this.#forget(groupId);
    this.#lists.set(groupId, list);
    this.#cachedMembers += list.size;
    for (const oldest of this.#lists.keys()) {
      if (this.#cachedMembers <= maxCachedMembers) break;
      this.#forget(oldest);
    }
  }

  #forget(groupId: number): void {
    this.#cachedMembers -= this.#lists.get(groupId)?.size ?? 0;
    this.#lists.delete(groupId);
  }
}
