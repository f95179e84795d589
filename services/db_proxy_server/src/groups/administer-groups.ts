import { administration, type RpcServer } from '@teamtalk/rpc';
import { toSaveReply } from '../administration/save-reply.js';
import type { Context } from '../context.js';

/** Administration of groups and read receipts: /v1/groups and the receipts of conversations. */
export function administerGroups(server: RpcServer, { groupAdministration }: Context): void {
  server.unary(administration.getGroup, async ({ groupId }) => {
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
    };
  });

  server.unary(administration.changeGroup, async ({ groupId, name, avatarUrl }) =>
    toSaveReply(await groupAdministration.change(groupId, name ?? null, avatarUrl ?? null)),
  );

  server.unary(administration.getReceipts, async ({ userId, sessionId }) => {
    const row = await groupAdministration.receipts(userId, sessionId);
    if (!row) return { found: false };
    return {
      found: true,
      lastMsgId: row.last_id,
      readers: row.user_ids.map((id, i) => ({ userId: id, readMsgId: row.read_ids[i] ?? 0 })),
    };
  });
}
