import type { Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import type { StoredMessage } from './stored-batch.js';

interface Members {
  version: number;
  ids: number[];
}

/** Groups whose members are kept in memory at most. */
const maxGroups = 10_000;

/**
 * The members of groups, for delivery. A list is good as long as its version is that of the group when
 * the message was stored; the commit tells it, so that nothing has to be invalidated.
 */
export class GroupMembers {
  readonly #pool: Pool;
  readonly #kit: Kit;
  readonly #groups = new Map<number, Members>();

  constructor(pool: Pool, kit: Kit) {
    this.#pool = pool;
    this.#kit = kit;
  }

  /** The members last loaded. `pendingFor` must have been waited for. */
  of(groupId: number): number[] {
    return this.#groups.get(groupId)?.ids ?? [];
  }

  /** Loads what the messages need and is not here in their version; undefined when nothing is missing. */
  pendingFor(messages: readonly StoredMessage[]): Promise<void> | undefined {
    let missing: Set<number> | undefined;
    for (const { isGroup, toSessionId, groupVersion } of messages) {
      if (isGroup && (this.#groups.get(toSessionId)?.version ?? -1) < groupVersion) {
        missing ??= new Set();
        missing.add(toSessionId);
      }
    }
    return missing && this.#load([...missing]);
  }

  async #load(groupIds: number[]): Promise<void> {
    try {
      const { rows } = await this.#pool.query<{ id: number; version: number; members: number[] }>({
        name: 'group_members',
        text: `SELECT g.id, g.version, array(SELECT m.user_id FROM group_member m WHERE m.group_id = g.id) AS members
               FROM chat_group g WHERE g.id = ANY ($1::int4[])`,
        values: [groupIds],
      });
      for (const { id, version, members } of rows) {
        this.#groups.delete(id);
        this.#groups.set(id, { version, ids: members });
      }
      for (const oldest of this.#groups.keys()) {
        if (this.#groups.size <= maxGroups) break;
        this.#groups.delete(oldest);
      }
    } catch (error) {
      // The batch goes to the members known so far; its row is not deleted by that: see publisher.
      this.#kit.log.warn({ err: error, groups: groupIds.length }, 'members of groups could not be loaded');
      throw error;
    }
  }
}
