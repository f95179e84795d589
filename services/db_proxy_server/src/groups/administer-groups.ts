import type { administration, Handlers } from '@teamtalk/rpc';
import { actorOf } from '../actor.js';
import { toSaveReply } from '../administration/save-reply.js';
import type { Context } from '../context.js';

/** Administration of groups and read receipts: /v1/groups and the receipts of conversations. */
export function administerGroups({ groupAdministration }: Context) {
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
