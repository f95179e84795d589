import { type administration, type Handlers, httpApi } from '@teamtalk/rpc';
import { actorOf } from '../actor.js';
import { toSaveReply } from '../administration/save-reply.js';
import type { Context } from '../context.js';

const { MUTE_DONE, MUTE_NOT_A_MEMBER, MUTE_NOT_FOUND, MUTE_NOT_PERMITTED } = httpApi.api.MuteResult;

const muteResults = {
  done: MUTE_DONE,
  'not-found': MUTE_NOT_FOUND,
  'not-a-member': MUTE_NOT_A_MEMBER,
  'not-permitted': MUTE_NOT_PERMITTED,
} as const;

/** Administration of groups and read receipts: /v1/groups and the receipts of conversations. */
export function administerGroups({
  groupAdministration,
  groupModeration,
}: Pick<Context, 'groupAdministration' | 'groupModeration'>) {
  return {
    async findGroups({ after, limit, text }) {
      const rows = await groupAdministration.find(after, limit, text);
      return {
        groups: rows.map((row) => ({
          groupId: row.id,
          name: row.name,
          avatarUrl: row.avatar,
          type: row.type,
          creatorId: row.creator_id,
          members: row.members,
        })),
      };
    },

    async getGroup({ groupId }) {
      const row = await groupAdministration.details(groupId);
      if (!row) return { found: false };
      return {
        found: true,
        name: row.name,
        avatarUrl: row.avatar,
        type: row.type,
        creatorId: row.creator_id,
        version: row.version,
        memberIds: row.member_ids,
        ownerAddsOnly: row.owner_adds_only,
        maxMembers: row.max_members,
        announcement: row.announcement,
        announcedAt: row.announced_at,
        mutedUntil: row.muted_until,
        mutedIds: row.muted_ids,
        mutedUntils: row.muted_untils,
      };
    },

    async changeGroup(request) {
      const fields = {
        name: request.name ?? null,
        avatar: request.avatarUrl ?? null,
        ownerAddsOnly: request.ownerAddsOnly ?? null,
        maxMembers: request.maxMembers ?? null,
      };
      const read = { name: request.expectedName ?? null, avatar: request.expectedAvatarUrl ?? null };
      const { groupId, actor } = request;
      return toSaveReply(await groupAdministration.change(groupId, fields, actorOf(actor), read));
    },

    async muteInGroup({ groupId, userId, until, byUserId, actor }) {
      const mute = { userId, until, byUserId };
      return { result: muteResults[await groupModeration.mute(groupId, mute, actorOf(actor))] };
    },

    async getReceipts({ userId, sessionId }) {
      const row = await groupAdministration.receipts(userId, sessionId);
      if (!row) return { found: false };
      return {
        found: true,
        lastMsgId: row.last_id,
        readers: row.user_ids.map((id, i) => ({ userId: id, readMsgId: row.read_ids[i] ?? 0 })),
      };
    },
  } satisfies Partial<Handlers<typeof administration>>;
}
