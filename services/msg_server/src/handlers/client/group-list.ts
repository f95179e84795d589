import { Commands, encodePdu } from '@teamtalk/protocol';
import { groups } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { type Handler, queryMs, request } from './handler.js';

/** 0x0401: ids and versions of the user's normal groups (client-behaviour.md#group-lists). */
export function listGroups(context: Context): Handler {
  return request(context, Commands.GroupNormalListRequest, async ({ userId }, _message, seqNum) => {
    const reply = await context.pool.call(groups.listGroups, { userId }, queryMs);
    const groupVersionList = (reply.groups ?? []).map(({ groupId, version }) => ({
      groupId: groupId ?? 0,
      version: version ?? 0,
    }));
    return [encodePdu(Commands.GroupNormalListResponse, { userId, groupVersionList }, seqNum)];
  });
}
