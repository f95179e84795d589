import { createHash } from 'node:crypto';
import { MsgType, type TextCodec } from '@teamtalk/protocol';
import type { Actor } from '../actor.js';
import { requireText } from '../administration/changes.js';
import type { Broadcasts } from '../broadcasts/broadcasts.js';
import type { Database, Statement } from '../database/database.js';
import type { MemberChanges } from './member-changes.js';
import { inGroup, join, kindOf, type ModerationOutcome } from './moderated-group.js';

export interface Announcement {
  /** a bot that has not left */
  fromUserId: number;
  text: string;
  /** in front of the text in the message */
  label: string;
  /** the page's idempotency key */
  key: string;
}

/** Longest announcement, characters. */
const maxLength = 1_000;
/** Stored as a broadcast's app, in place of an app's id, which is positive. */
const ofConsole = -1;

const announced: Statement = {
  name: 'announcement_sent',
  text: 'SELECT id FROM broadcast WHERE app_id = $1 AND key = $2',
};

const setAnnouncement: Statement = {
  name: 'announcement_set',
  text: 'UPDATE chat_group SET announcement = $2, announced_at = clock_timestamp() WHERE id = $1',
};

const unmuteSender: Statement = {
  name: 'announcement_unmute_sender',
  text: `
    UPDATE group_member SET muted_until = NULL
    WHERE group_id = $1 AND user_id = $2 AND muted_until IS NOT NULL`,
};

/** Announcements of groups. */
export class GroupAnnouncements {
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

  /**
   * Keeps the text as the group's announcement, and has a bot, which becomes a member, send it to the group once, also when
   * the call is repeated. BroadcastWorker sends it.
   * @throws TeamTalkError `invalid-argument` when a text or the key is invalid
   */
  async announce(
    groupId: number,
    { fromUserId, text, label, key: given }: Announcement,
    actor: Actor,
  ): Promise<ModerationOutcome> {
    requireText('an announcement', text, 1, maxLength);
    requireText('a label', label, 1, 32);
    requireText('a key', given, 1, 64);
    const key = `announcement ${groupId} ${given}`;
    const work = inGroup<ModerationOutcome>(
      this.#database,
      'announce_in_group',
      groupId,
      actor,
      async (query, group, record) => {
        if ((await query(announced, [ofConsole, key])).length > 0) return { result: 'done', groups: [] };
        if ((await kindOf(query, fromUserId)) !== 'bot') return { result: 'unknown-user' };
        const added = await join(this.#memberChanges, query, groupId, fromUserId);
        if (added === 'full') return { result: 'full' };
        await query(unmuteSender, [groupId, fromUserId]);
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
    return (await work) ?? { result: 'not-found' };
  }
}
