import { Commands, encodePdu, IM, type MessageOf } from '@teamtalk/protocol';
import { groups, type teamtalk } from '@teamtalk/rpc';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { pages } from './frame-limit.js';
import { type Handler, queryMs, request } from './handler.js';

type Request = MessageOf<typeof Commands.GroupInfoRequest>;
type GroupInfo = IM.BaseDefine.GroupInfo.$Properties;

/** Groups per request at most; further ones are ignored. */
const maxGroups = 5_000;

/**
 * 0x0403: the requested groups that the user is a member of and whose version is newer than the client's, with all
 * members (client-behaviour.md#group-lists). One 0x0404, or several with the same seq_num for Android when one would
 * exceed its frame limit.
 */
export function getGroupsInfo(context: Context): Handler {
  const list = { field: 2, isNumbers: false, max: maxGroups };
  const answer = async (connection: Connection, { groupVersionList: asked }: Request, seqNum: number) => {
    const { userId } = connection;
    const reply =
      asked.length > 0
        ? await context.pool.call(groups.getGroups, { userId, groups: asked }, queryMs)
        : undefined;
    return pages(connection, (reply?.groups ?? []).map(groupInfo), encodedBytes).map((groupInfoList) =>
      encodePdu(Commands.GroupInfoResponse, { userId, groupInfoList }, seqNum),
    );
  };
  return request(context, Commands.GroupInfoRequest, answer, { list });
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
