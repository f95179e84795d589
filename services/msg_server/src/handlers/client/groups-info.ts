import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { groups, type teamtalk } from '@teamtalk/rpc';
import type { Context } from '../../context.js';
import { pages } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';

type GroupInfo = IM.BaseDefine.GroupInfo.$Properties;

/** Groups one request may ask for; what is beyond is left out. */
const maxGroups = 5_000;

/**
 * 0x0403: those of the asked groups that the user is a member of and whose version is larger than the one he
 * knows, with all members (client-behaviour.md#group-lists). One 0x0404; several of the same seq_num only for
 * Android and only when one does not fit.
 */
export function getGroupsInfo(context: Context): Handler {
  return request(context, Commands.GroupInfoRequest, async (connection, { groupVersionList }, seqNum) => {
    const { userId } = connection;
    const asked = groupVersionList.slice(0, maxGroups);
    const reply =
      asked.length > 0
        ? await context.pool.call(groups.getGroups, { userId, groups: asked }, queryMs)
        : undefined;
    return pages(connection, (reply?.groups ?? []).map(groupInfo), encodedBytes).map((groupInfoList) =>
      encodePdu(Commands.GroupInfoResponse, { userId, groupInfoList }, seqNum),
    );
  });
}

function groupInfo(group: teamtalk.db.Group.$Properties): GroupInfo {
  return {
    groupId: group.groupId ?? 0,
    version: group.version ?? 0,
    groupName: group.groupName ?? '',
    groupAvatar: group.groupAvatar ?? '',
    groupCreatorId: group.groupCreatorId ?? 0,
    groupType: group.groupType as IM.BaseDefine.GroupType,
    shieldStatus: group.shieldStatus ?? 0,
    groupMemberList: group.groupMemberList ?? [],
  };
}

function encodedBytes(group: GroupInfo): number {
  return IM.BaseDefine.GroupInfo.encode(group).len + 5;
}
