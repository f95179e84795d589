import { makeGroup } from '@teamtalk/administration';
import { z } from 'zod';
import type { Context } from '../context.js';
import { administrator, idList, wholeNumber } from '../http/fields.js';
import { scopedKey } from '../http/idempotency-key.js';
import { type Call, callerOf, keyOf, type Result } from './call.js';
import { ErrorCode } from './legacy-answer.js';

const parameters = z.object({
  from_user_id: administrator,
  group_name: z.string().min(1),
  group_type: wholeNumber.pipe(z.literal([1, 2])).default(1),
  group_avatar: z.string().default(''),
  user_id_list: idList,
});

/**
 * `POST /query/CreateGroup`: the only way to create a normal group (type 1, the default); clients create temporary ones
 * (API document, part one; client-behaviour.md#kinds-of-group). The caller is always a member; a group created by 0,
 * the administration, has no owner. An app that does not administer groups creates temporary ones only. Unknown ids are
 * ignored. The response adds `group_id`. A call with the idempotency
 * key of an earlier one, within 24 hours, creates no second group and gets the same response.
 */
export async function createGroup(context: Context, call: Call): Promise<Result> {
  const parsed = parameters.safeParse({ ...call.body, from_user_id: callerOf(call) });
  const key = keyOf(call);
  if (!parsed.success || !key.success) return { code: ErrorCode.BAD_PARAMETER };
  const { from_user_id, group_name, group_type, group_avatar, user_id_list } = parsed.data;
  const outcome = await makeGroup(context, {
    userId: from_user_id,
    groupType: group_type,
    groupName: group_name,
    groupAvatar: group_avatar,
    memberIds: user_id_list,
    byAdmin: call.administers,
    actor: call.actor,
    idempotencyKey: scopedKey(call.app, 'create-group', key.data),
  });
  if (outcome === 'unavailable' || outcome === 'too-fast') return { code: ErrorCode.SERVER_ERROR };
  if (typeof outcome === 'string') return { code: ErrorCode.GROUP_NOT_CREATED };
  return { code: ErrorCode.OK, more: { group_id: outcome.groupId } };
}
