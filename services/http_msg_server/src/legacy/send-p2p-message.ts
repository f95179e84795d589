import { MsgType } from '@teamtalk/protocol';
import { z } from 'zod';
import { type SendRefusal, sendMessage } from '../actions/send-message.js';
import type { Context } from '../context.js';
import { id, wholeNumber } from '../http/fields.js';
import { scopedKey } from '../http/idempotency-key.js';
import { type Call, callerOf, type Handler, keyOf, type Result } from './call.js';
import { ErrorCode } from './legacy-answer.js';

const parameters = z.object({
  from_user_id: id,
  session_id: id,
  msg: z.string().min(1),
  msg_type: wholeNumber.optional(),
});

/** Error code of each refusal. */
const codes: Record<SendRefusal, ErrorCode> = {
  'unknown-type': ErrorCode.BAD_MESSAGE_TYPE,
  'not-audio': ErrorCode.BAD_PARAMETER,
  'too-long': ErrorCode.BAD_PARAMETER,
  'to-oneself': ErrorCode.ID_NOT_ALLOWED,
  'unknown-user': ErrorCode.ID_NOT_ALLOWED,
  'not-a-member': ErrorCode.ID_NOT_ALLOWED,
  invalid: ErrorCode.BAD_PARAMETER,
  unavailable: ErrorCode.SERVER_ERROR,
};

interface Kind {
  /** default message type */
  msgType: number;
  /** accepted message types; undefined: all */
  allowed?: readonly number[];
  /** whether the response adds `msg_id` */
  returnsId: boolean;
}

/**
 * `POST /query/SendP2PMessage`: sends a message on behalf of a user, to a user or, with the group types 17 and 18, to a
 * group of which the user is a member (API document, part one; client-behaviour.md#answers-of-the-legacy-api). The
 * response comes when the message is stored. A call with the idempotency key of an earlier one, from the same user to
 * the same session, stores no second message and gets the same response.
 */
export const sendP2pMessage = sending({ msgType: MsgType.PUSH_NOTICE, returnsId: false });

/** `POST /query/SendSingleMessage`: the same, to users only; text (1) by default; the response adds `msg_id`. */
export const sendSingleMessage = sending({
  msgType: MsgType.SINGLE_TEXT,
  allowed: [MsgType.SINGLE_TEXT, MsgType.SINGLE_AUDIO, MsgType.PUSH_NOTICE],
  returnsId: true,
});

/** `POST /query/SendGroupMessage`: the same, to groups only; text (17) by default. */
export const sendGroupMessage = sending({
  msgType: MsgType.GROUP_TEXT,
  allowed: [MsgType.GROUP_TEXT, MsgType.GROUP_AUDIO],
  returnsId: true,
});

function sending({ msgType: usual, allowed, returnsId }: Kind): Handler {
  return async (context: Context, call: Call): Promise<Result> => {
    const { body } = call;
    const parsed = parameters.safeParse({
      ...body,
      from_user_id: callerOf(call),
      session_id: body.session_id ?? body.group_id,
    });
    const key = keyOf(call);
    if (!parsed.success || !key.success) return { code: ErrorCode.BAD_PARAMETER };
    const { from_user_id: fromUserId, session_id: toSessionId, msg, msg_type: msgType = usual } = parsed.data;
    if (allowed && !allowed.includes(msgType)) return { code: ErrorCode.BAD_MESSAGE_TYPE };
    const outcome = await sendMessage(context, {
      fromUserId,
      toSessionId,
      msgType,
      msg,
      key: scopedKey(call.app, 'message', key.data),
    });
    if (outcome.status !== 'stored') {
      return { code: codes[outcome.status], ...(outcome.trace && { trace: outcome.trace }) };
    }
    const { msgId, trace } = outcome;
    return { code: ErrorCode.OK, trace, ...(returnsId && { more: { msg_id: msgId } }) };
  };
}
