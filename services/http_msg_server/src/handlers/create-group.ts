import { groups, teamtalk } from '@teamtalk/rpc';
import { z } from 'zod';
import { type Call, callerOf, type Result } from '../api/call.js';
import { id, idList, wholeNumber } from '../api/fields.js';
import { ErrorCode } from '../api/legacy-answer.js';
import type { Context } from '../context.js';

const parameters = z.object({
  from_user_id: id,
  group_name: z.string().min(1),
  group_type: wholeNumber.pipe(z.literal([1, 2])).default(1),
  group_avatar: z.string().default(''),
  user_id_list: idList,
});

/** Milliseconds the store has to answer. */
const storeMs = 4_500;

/**
 * `POST /query/CreateGroup`: the only way to a normal group (type 1, the default); clients make temporary
 * ones (API document, part one; protocol notes, section 6). The caller is a member whether listed or not;
 * ids nobody has are left out. The answer adds `group_id`.
 */
export async function createGroup({ pool }: Context, call: Call): Promise<Result> {
  const parsed = parameters.safeParse({ ...call.body, from_user_id: callerOf(call) });
  if (!parsed.success) return { code: ErrorCode.BAD_PARAMETER };
  const { from_user_id, group_name, group_type, group_avatar, user_id_list } = parsed.data;
  const wanted = {
    userId: from_user_id,
    groupType: group_type,
    groupName: group_name,
    groupAvatar: group_avatar,
    memberIds: user_id_list,
    byAdmin: true,
  };
  // Made twice it would be two groups.
  const { result, groupId } = await pool.callOnce(groups.createGroup, wanted, storeMs);
  if (result !== teamtalk.db.GroupResult.GROUP_OK) return { code: ErrorCode.GROUP_NOT_CREATED };
  return { code: ErrorCode.OK, more: { group_id: groupId } };
}
