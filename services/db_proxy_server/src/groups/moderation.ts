import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import type { MemberChanges } from './member-changes.js';
import { inGroup, join, kindOf, type ModerationOutcome } from './moderated-group.js';

export interface MuteChange {
  /** 0: everybody */
  userId: number;
  /** unix seconds; 0: may write again; Infinity: for good */
  until: number;
  /** has to be the owner; 0: an administrator */
  byUserId: number;
}

export type MuteOutcome = 'done' | 'not-found' | 'not-a-member' | 'not-permitted';

/** The end of the year 9999, unix seconds. */
const latest = 253_402_300_799;

const setOwner: Statement = {
  name: 'moderation_set_owner',
  text: `
    UPDATE chat_group SET creator_id = $2, version = version + 1, updated_at = clock_timestamp()
    WHERE id = $1 RETURNING version`,
};

// Members do not change as long as the group is locked.
const memberMute: Statement = {
  name: 'moderation_member_mute',
  text: `
    SELECT coalesce(extract(epoch FROM muted_until), 0)::float8 AS muted_until
    FROM group_member WHERE group_id = $1 AND user_id = $2`,
};

const muteAll: Statement = {
  name: 'moderation_mute_all',
  text: 'UPDATE chat_group SET muted_until = nullif(to_timestamp($2::float8), to_timestamp(0)) WHERE id = $1',
};

const muteMember: Statement = {
  name: 'moderation_mute_member',
  text: `
    UPDATE group_member SET muted_until = nullif(to_timestamp($3::float8), to_timestamp(0))
    WHERE group_id = $1 AND user_id = $2`,
};

/** Owners of groups, and who may not write in them. */
export class GroupModeration {
  readonly #database: Database;
  readonly #memberChanges: MemberChanges;

  constructor(database: Database, memberChanges: MemberChanges) {
    this.#database = database;
    this.#memberChanges = memberChanges;
  }

  /** Gives the group to a person, who becomes a member. Clients notice it by the version. */
  async handOver(groupId: number, userId: number, actor: Actor): Promise<ModerationOutcome> {
    const work = inGroup<ModerationOutcome>(
      this.#database,
      'hand_over_group',
      groupId,
      actor,
      async (query, group, record) => {
        if ((await kindOf(query, userId)) !== 'person') return { result: 'unknown-user' };
        if (group.creator_id === userId) return { result: 'done', groups: [] };
        const added = await join(this.#memberChanges, query, groupId, userId);
        if (added === 'full') return { result: 'full' };
        const [row] = await query<{ version: number }>(setOwner, [groupId, userId]);
        const version = row?.version ?? 0;
        await record({
          verb: 'group.hand-over',
          resource: `group ${groupId}`,
          before: { creatorId: group.creator_id },
          after: { creatorId: userId, version, ...(added && { userIds: [userId] }) },
        });
        return { result: 'done', groups: added ? [{ ...added, version, newOwner: userId }] : [] };
      },
    );
    return (await work) ?? { result: 'not-found' };
  }

  /**
   * Mutes a member, or everybody besides the owner and bots: their messages are refused like those of a user who is not a
   * member (client-behaviour.md#muted-members). A message that is being stored meanwhile is not stopped.
   * @throws TeamTalkError `invalid-argument` when the time is invalid
   */
  async mute(groupId: number, { userId, until, byUserId }: MuteChange, actor: Actor): Promise<MuteOutcome> {
    if (!(until === Number.POSITIVE_INFINITY || (until >= 0 && until <= latest))) {
      throw new TeamTalkError('invalid-argument', 'the time is invalid');
    }
    const work = inGroup<MuteOutcome>(
      this.#database,
      'mute_in_group',
      groupId,
      actor,
      async (query, group, record) => {
        const isOwner = byUserId === group.creator_id && (await find(query, groupId, byUserId));
        if (byUserId !== 0 && !isOwner) return 'not-permitted';
        const member = userId === 0 ? undefined : await find(query, groupId, userId);
        if (userId !== 0 && !member) return 'not-a-member';
        if (userId === 0) await query(muteAll, [groupId, until]);
        else await query(muteMember, [groupId, userId, until]);
        const before = (member ?? group).muted_until;
        if (before !== until) {
          await record({
            verb: 'group.mute',
            resource: `group ${groupId}`,
            before: { mutedUntil: shown(before) },
            after: { mutedUntil: shown(until), ...(userId !== 0 && { userId }) },
          });
        }
        return 'done';
      },
    );
    return (await work) ?? 'not-found';
  }
}

async function find(
  query: Query,
  groupId: number,
  userId: number,
): Promise<{ muted_until: number } | undefined> {
  if (!isStorableId(userId)) return undefined;
  return (await query<{ muted_until: number }>(memberMute, [groupId, userId]))[0];
}

/** For the audit, whose JSON knows no infinity. */
function shown(until: number): string | null {
  if (until === 0) return null;
  return until === Number.POSITIVE_INFINITY ? 'for good' : new Date(until * 1000).toISOString();
}
