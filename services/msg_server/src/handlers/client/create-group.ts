import { Commands, encodePdu, type MessageOf } from '@teamtalk/protocol';
import { groups, teamtalk } from '@teamtalk/rpc';
import { costs } from '../../backpressure/request-costs.js';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';
import { type Handler, queryMs, request } from './handler.js';
import { memberList } from './member-list.js';

type CreateRequest = MessageOf<typeof Commands.GroupCreateRequest>;

const { GROUP_OK } = teamtalk.db.GroupResult;

/**
 * 0x0405: creates a temporary group, whose creator is always a member; normal groups are refused. `result_code`: 0 ok,
 * 2 not permitted, 3 invalid, 4 too many members (client-behaviour.md#kinds-of-group). Members are not notified: their
 * clients ask for the group when its first message arrives.
 */
export function createGroup(context: Context): Handler {
  const { metrics, pool, requestPace } = context;
  const create = async ({ userId }: Connection, message: CreateRequest, seqNum: number) => {
    const { groupType, groupName, groupAvatar, memberIdList } = message;
    const wanted = { userId, groupType, groupName, groupAvatar, memberIds: memberIdList };
    // Not retried: a second attempt could create a second group.
    const reply = await pool.callOnce(groups.createGroup, wanted, queryMs);
    const answer = { userId, resultCode: reply.result, groupName };
    if (reply.result !== GROUP_OK) {
      metrics.refused.inc({ command: commandLabel(Commands.GroupCreateRequest.id) });
      return [encodePdu(Commands.GroupCreateResponse, answer, seqNum)];
    }
    requestPace.charge(userId, reply.memberIds.length * costs.memberChanged, performance.now());
    const made = { ...answer, groupId: reply.groupId, userIdList: reply.memberIds };
    return [encodePdu(Commands.GroupCreateResponse, made, seqNum)];
  };
  return request(context, Commands.GroupCreateRequest, create, { list: memberList(5) });
}
