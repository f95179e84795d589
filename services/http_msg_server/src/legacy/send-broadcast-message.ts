import { MsgType } from '@teamtalk/protocol';
import { z } from 'zod';
import { type BroadcastRefusal, startBroadcast } from '../actions/broadcasts.js';
import type { Context } from '../context.js';
import { id, maxReceivers, wholeNumber } from '../http/fields.js';
import { scopedKey } from '../http/idempotency-key.js';
import { type Call, callerOf, keyOf, type Result } from './call.js';
import { ErrorCode } from './legacy-answer.js';

const parameters = z.object({
  from_user_id: id,
  session_ids: z.array(id).min(1).max(maxReceivers),
  msg: z.string().min(1),
  msg_type: wholeNumber.default(MsgType.PUSH_NOTICE),
});

/** Error code of each refusal. */
const codes: Record<BroadcastRefusal, ErrorCode> = {
  'unknown-type': ErrorCode.BAD_MESSAGE_TYPE,
  'not-audio': ErrorCode.BAD_PARAMETER,
  'too-long': ErrorCode.BAD_PARAMETER,
  nobody: ErrorCode.ID_NOT_ALLOWED,
  invalid: ErrorCode.BAD_PARAMETER,
  'other-request': ErrorCode.BAD_PARAMETER,
  unavailable: ErrorCode.SERVER_ERROR,
};

/**
 * `POST /query/SendBroadCastMessage`: sends a message on behalf of a user to up to 100,000 users or, with the group
 * types 17 and 18, to groups of which the user is a member (API document, part one;
 * client-behaviour.md#answers-of-the-legacy-api). The response comes when the broadcast is accepted; its messages are
 * stored and delivered in the background. `refused_ids` lists up to 1,000 receivers that do not exist; if there are no
 * others, nothing is sent: error 4. The header Location is the URL of its progress. A call with the idempotency key of
 * an earlier one sends nothing and gets the same response.
 */
export async function sendBroadcastMessage(context: Context, call: Call): Promise<Result> {
  const parsed = parameters.safeParse({ ...call.body, from_user_id: callerOf(call) });
  const key = keyOf(call);
  if (!parsed.success || !key.success) return { code: ErrorCode.BAD_PARAMETER };
  const { from_user_id, session_ids, msg, msg_type } = parsed.data;
  const outcome = await startBroadcast(context, {
    appId: call.app?.id ?? 0,
    fromUserId: from_user_id,
    to: { ids: session_ids },
    msgType: msg_type,
    msg,
    key: scopedKey(call.app, 'broadcast', key.data),
  });
  if (typeof outcome === 'string') return { code: codes[outcome] };
  return {
    code: ErrorCode.OK,
    location: `/v1/broadcasts/${outcome.broadcastId}`,
    ...(outcome.refused > 0 && { more: { refused_ids: outcome.refusedIds } }),
  };
}
