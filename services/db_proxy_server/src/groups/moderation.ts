import { createHash } from 'node:crypto';
import { MsgType, type TextCodec } from '@teamtalk/protocol';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { requireText } from '../administration/changes.js';
import { openAudit, type RecordEvent } from '../audit/record-event.js';
import type { Broadcasts } from '../broadcasts/broadcasts.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';
import type { ChangedGroup } from './departures.js';
import type { MemberChanges } from './member-changes.js';

export type ModerationOutcome =
  | { result: 'not-found' | 'unknown-user' | 'full' }
  | {
      result: 'done';
      /** changes of members, about which they are to be notified */
      groups: ChangedGroup[];
    };

export interface MuteChange {
  /** 0: everybody */
  userId: number;
  /** unix seconds; 0: may write again; Infinity: for good */
  until: number;
  /** has to be the owner; 0: an administrator */
  byUserId: number;
}

export type MuteOutcome = 'done' | 'not-found' | 'not-a-member' | 'not-permitted';

export interface Announcement {
  /** a bot that has not left */
  fromUserId: number;
  text: string;
  /** in front of the text in the message */
  label: string;
  /** the page's idempotency key */
  key: string;
}

interface GroupRow {
  name: string;
  creator_id: number;
  muted_until: number;
  announcement: string;
}

/** Longest announcement, characters. */
const maxAnnouncement = 1_000;
/** Stored as a broadcast's app, in place of an app's id, which is positive. */
const ofConsole = -1;

const lockGroup: Statement = {
  name: 'moderation_lock_group',
  text: `
    SELECT name, creator_id, announcement, coalesce(extract(epoch FROM muted_until), 0)::float8 AS muted_until
    FROM chat_group WHERE id = $1 AND status = 0 FOR NO KEY UPDATE`,
};

const userWho: Statement = {
  name: 'moderation_user',
  text: `
    SELECT EXISTS (SELECT FROM bot WHERE user_id = u.id) AS is_bot
    FROM im_user u WHERE u.id = $1 AND u.status <> ${userHasLeft}`,
};

const setOwner: Statement = {
  name: 'moderation_set_owner',
  text: `
    UPDATE chat_group SET creator_id = $2, version = version + 1, updated_at = clock_timestamp()
    WHERE id = $1 RETURNING version`,
};

const muteAll: Statement = {
  name: 'moderation_mute_all',
  text: 'UPDATE chat_group SET muted_until = nullif(to_timestamp($2::float8), to_timestamp(0)) WHERE id = $1',
};

const lockMember: Statement = {
  name: 'moderation_lock_member',
  text: `
    SELECT coalesce(extract(epoch FROM muted_until), 0)::float8 AS muted_until
    FROM group_member WHERE group_id = $1 AND user_id = $2 FOR NO KEY UPDATE`,
};

const muteMember: Statement = {
  name: 'moderation_mute_member',
  text: `
    UPDATE group_member SET muted_until = nullif(to_timestamp($3::float8), to_timestamp(0))
    WHERE group_id = $1 AND user_id = $2`,
};

const announced: Statement = {
  name: 'moderation_announced',
  text: 'SELECT id FROM broadcast WHERE app_id = $1 AND key = $2',
};

const setAnnouncement: Statement = {
  name: 'moderation_set_announcement',
  text: 'UPDATE chat_group SET announcement = $2, announced_at = clock_timestamp() WHERE id = $1',
};

/** What the console does in groups besides changing their members: owners, mutes and announcements. */
export class GroupModeration {
  readonly #database: Database;
  readonly #memberChanges: MemberChanges;
  readonly #broadcasts: Broadcasts;
  readonly #textCodec: TextCodec;

  constructor(
    database: Database,
    memberChanges: MemberChanges,
    broadcasts: Broadcasts,
    textCodec: TextCodec,
  ) {
    this.#database = database;
    this.#memberChanges = memberChanges;
    this.#broadcasts = broadcasts;
    this.#textCodec = textCodec;
  }

  /** Gives the group to a person, who becomes a member. Clients notice it by the version. */
  async handOver(groupId: number, userId: number, actor: Actor): Promise<ModerationOutcome> {
    const outcome = await this.#inGroup<ModerationOutcome>(
      'hand_over_group',
      groupId,
      actor,
      async (query, group, record) => {
        const user = await find(query, userId);
        if (!user || user.is_bot) return { result: 'unknown-user' };
        if (group.creator_id === userId) return { result: 'done', groups: [] };
        const added = await this.#add(query, groupId, userId);
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
    return outcome ?? { result: 'not-found' };
  }

  /**
   * Mutes a member, or everybody besides the owner and bots: their messages are refused like those of a user who is not a
   * member (client-behaviour.md#muted-members). A message that is being stored meanwhile is not stopped.
   */
  async mute(groupId: number, { userId, until, byUserId }: MuteChange, actor: Actor): Promise<MuteOutcome> {
    if (Number.isNaN(until) || until < 0) throw new TeamTalkError('invalid-argument', 'the time is invalid');
    const outcome = await this.#inGroup<MuteOutcome>(
      'mute_in_group',
      groupId,
      actor,
      async (query, group, record) => {
        if (byUserId !== 0 && (group.creator_id !== byUserId || !(await lock(query, groupId, byUserId)))) {
          return 'not-permitted';
        }
        const member = userId === 0 ? undefined : await lock(query, groupId, userId);
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
    return outcome ?? 'not-found';
  }

  /**
   * Keeps the text as the group's announcement, and has a bot, who becomes a member, send it to the group once, also when
   * the call is repeated. BroadcastWorker sends it.
   * @throws TeamTalkError `invalid-argument` when a text or the key is invalid
   */
  async announce(groupId: number, announcement: Announcement, actor: Actor): Promise<ModerationOutcome> {
    const { fromUserId, text, label } = announcement;
    requireText('an announcement', text, 1, maxAnnouncement);
    requireText('a label', label, 1, 32);
    requireText('a key', announcement.key, 1, 64);
    const key = `announcement ${announcement.key}`;
    const outcome = await this.#inGroup<ModerationOutcome>(
      'announce_in_group',
      groupId,
      actor,
      async (query, group, record) => {
        if ((await query(announced, [ofConsole, key])).length > 0) return { result: 'done', groups: [] };
        if (!(await find(query, fromUserId))?.is_bot) return { result: 'unknown-user' };
        const added = await this.#add(query, groupId, fromUserId);
        if (added === 'full') return { result: 'full' };
        await query(setAnnouncement, [groupId, text]);
        await this.#broadcasts.createIn(query, {
          appId: ofConsole,
          key,
          digest: createHash('sha256').update(key).digest(),
          fromUserId,
          // The type that every client shows.
          msgType: MsgType.GROUP_TEXT,
          msgData: this.#textCodec.encrypt(`${label} ${text}`),
          audience: 'listed',
          ids: [groupId],
        });
        await record({
          verb: 'group.announce',
          resource: `group ${groupId}`,
          before: { announcement: group.announcement },
          after: { announcement: text, fromUserId, ...(added && { userIds: [fromUserId] }) },
        });
        return { result: 'done', groups: added ? [added] : [] };
      },
    );
    return outcome ?? { result: 'not-found' };
  }

  /** @returns undefined when there is no such group */
  async #inGroup<Outcome>(
    name: string,
    groupId: number,
    actor: Actor,
    work: (query: Query, group: GroupRow, record: RecordEvent) => Promise<Outcome>,
  ): Promise<Outcome | undefined> {
    if (!isStorableId(groupId)) return undefined;
    return this.#database.transaction(name, async (query) => {
      const record = await openAudit(query, actor);
      const [group] = await query<GroupRow>(lockGroup, [groupId]);
      return group && work(query, group, record);
    });
  }

  /** @returns undefined when the user already is a member */
  async #add(query: Query, groupId: number, userId: number): Promise<ChangedGroup | 'full' | undefined> {
    const addition = { groupId, kind: 'add', byAdmin: true, userId, userIds: [userId] } as const;
    const outcome = await this.#memberChanges.changeWith(query, addition);
    if (outcome.result !== 'ok') return 'full';
    const { current, changed, version } = outcome;
    if (changed.length === 0) return undefined;
    return { groupId, version, current, added: changed, removed: [], newOwner: 0 };
  }
}

async function lock(
  query: Query,
  groupId: number,
  userId: number,
): Promise<{ muted_until: number } | undefined> {
  if (!isStorableId(userId)) return undefined;
  return (await query<{ muted_until: number }>(lockMember, [groupId, userId]))[0];
}

async function find(query: Query, userId: number): Promise<{ is_bot: boolean } | undefined> {
  if (!isStorableId(userId)) return undefined;
  return (await query<{ is_bot: boolean }>(userWho, [userId]))[0];
}

/** For the audit, whose JSON knows no infinity. */
function shown(until: number): string | null {
  if (until === 0) return null;
  return until === Number.POSITIVE_INFINITY ? 'for good' : new Date(until * 1000).toISOString();
}
