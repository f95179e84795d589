import { topics } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { groups, teamtalk } from '@teamtalk/rpc';
import { z } from 'zod';
import { type Call, callerOf, type Result } from '../api/call.js';
import { id, idList, wholeNumber } from '../api/fields.js';
import { ErrorCode } from '../api/legacy-answer.js';
import type { Context } from '../context.js';

const { GROUP_MODIFY_TYPE_ADD, GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;

const parameters = z.object({
  from_user_id: id,
  group_id: id,
  modify_type: wholeNumber.pipe(z.literal([GROUP_MODIFY_TYPE_ADD, GROUP_MODIFY_TYPE_DEL])),
  user_id_list: idList.min(1),
});

/** Milliseconds the store has to answer. */
const storeMs = 3_000;
/** Milliseconds a route_server has to tell the members. */
const tellMs = 1_000;

type Change = z.output<typeof parameters>;

/**
 * `POST /query/ChangeMembers`: adds members to any group or removes them (API document, part one; protocol
 * notes, section 6). The members, present and changed, are told by 0x040b.
 */
export async function changeMembers(context: Context, call: Call): Promise<Result> {
  const parsed = parameters.safeParse({ ...call.body, from_user_id: callerOf(call) });
  if (!parsed.success) return { code: ErrorCode.BAD_PARAMETER };
  const { from_user_id, group_id, modify_type, user_id_list } = parsed.data;
  const wanted = {
    userId: from_user_id,
    changeType: modify_type,
    groupId: group_id,
    memberIds: user_id_list,
    byAdmin: true,
  };
  // A second time nobody would be changed, and nobody told.
  const reply = await context.pool.callOnce(groups.changeMembers, wanted, storeMs);
  if (reply.result !== teamtalk.db.GroupResult.GROUP_OK) return { code: ErrorCode.GROUP_NOT_CHANGED };
  if (reply.changedIds.length > 0) await tellMembers(context, parsed.data, reply);
  return { code: ErrorCode.OK };
}

/** The change is made: that somebody cannot be told of it does not undo it. */
async function tellMembers(
  { bus, log }: Context,
  { from_user_id, group_id, modify_type }: Change,
  { currentIds, changedIds, version }: teamtalk.db.ChangeMembersReply,
): Promise<void> {
  const notice = {
    userId: from_user_id,
    changeType: modify_type,
    groupId: group_id,
    curUserIdList: currentIds,
    chgUserIdList: changedIds,
  };
  try {
    await bus.request(
      topics.groupChange,
      {
        groupId: group_id,
        version,
        removedIds: modify_type === GROUP_MODIFY_TYPE_DEL ? changedIds : [],
        notify: {
          userIds: [...new Set([...currentIds, ...changedIds])],
          pdu: encodePdu(Commands.GroupChangeMemberNotify, notice, 0),
        },
      },
      tellMs,
    );
  } catch (error) {
    log.warn(
      { err: error, groupId: group_id, version },
      'a change of a group is perhaps not told to everybody',
    );
  }
}
