import { changeGroupMembers } from '@teamtalk/administration';
import { IM } from '@teamtalk/protocol';
import { z } from 'zod';
import type { Context } from '../context.js';
import { administrator, id, idList, wholeNumber } from '../http/fields.js';
import { scopedKey } from '../http/idempotency-key.js';
import { type Call, callerOf, keyOf, type Result } from './call.js';
import { ErrorCode } from './legacy-answer.js';

const { GROUP_MODIFY_TYPE_ADD, GROUP_MODIFY_TYPE_DEL } = IM.BaseDefine.GroupModifyType;

const parameters = z.object({
  from_user_id: administrator,
  group_id: id,
  modify_type: wholeNumber.pipe(z.literal([GROUP_MODIFY_TYPE_ADD, GROUP_MODIFY_TYPE_DEL])),
  user_id_list: idList.min(1),
});

/**
 * `POST /query/ChangeMembers`: adds members to any group or removes them, on behalf of a user or of 0, the
 * administration (API document, part one; client-behaviour.md#changing-members). An app that does not administer groups
 * has the rights of the user it names. Current, added and removed members are notified by 0x040b. A call with the idempotency key of an earlier one, within 24 hours, changes nothing and gets the
 * same response.
 */
export async function changeMembers(context: Context, call: Call): Promise<Result> {
  const parsed = parameters.safeParse({ ...call.body, from_user_id: callerOf(call) });
  const key = keyOf(call);
  if (!parsed.success || !key.success) return { code: ErrorCode.BAD_PARAMETER };
  const { from_user_id, group_id, modify_type, user_id_list } = parsed.data;
  const outcome = await changeGroupMembers(context, {
    userId: from_user_id,
    groupId: group_id,
    changeType: modify_type,
    memberIds: user_id_list,
    byAdmin: call.administers,
    actor: call.actor,
    idempotencyKey: scopedKey(call.app, 'change-members', key.data),
  });
  if (outcome === 'unavailable' || outcome === 'too-fast') return { code: ErrorCode.SERVER_ERROR };
  if (typeof outcome === 'string') return { code: ErrorCode.GROUP_NOT_CHANGED };
  return { code: ErrorCode.OK };
}
