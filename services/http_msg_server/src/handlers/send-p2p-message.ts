import { MsgType } from '@teamtalk/protocol';
import { type AppendResult, conversationKey, teamtalk } from '@teamtalk/rpc';
import { traceId } from '@teamtalk/service-kit';
import { z } from 'zod';
import { type Call, callerOf, type Result } from '../api/call.js';
import { id, messageKey, wholeNumber } from '../api/fields.js';
import { ErrorCode } from '../api/legacy-answer.js';
import type { Context } from '../context.js';

const parameters = z.object({
  from_user_id: id,
  session_id: id,
  msg: z.string().min(1),
  msg_type: wholeNumber.default(MsgType.PUSH_NOTICE),
  id: messageKey.optional(),
});

/**
 * Types that may be pushed to a user. Audio (2) may not: its data is bytes, for which a JSON text has no
 * agreed form; group types (17, 18) belong to another interface.
 */
const allowedTypes: readonly number[] = [MsgType.SINGLE_TEXT, MsgType.PUSH_NOTICE];

const { AppendStatus } = teamtalk.db;

/** What a caller is told about the store's result. */
const codes: Record<teamtalk.db.AppendStatus, ErrorCode> = {
  [AppendStatus.APPEND_STORED]: ErrorCode.OK,
  // The sender or the receiver does not exist.
  [AppendStatus.APPEND_UNKNOWN_RECEIVER]: ErrorCode.ID_NOT_ALLOWED,
  [AppendStatus.APPEND_NOT_A_MEMBER]: ErrorCode.ID_NOT_ALLOWED,
  [AppendStatus.APPEND_INVALID]: ErrorCode.BAD_PARAMETER,
  [AppendStatus.APPEND_UNAVAILABLE]: ErrorCode.SERVER_ERROR,
};

/**
 * `POST /query/SendP2PMessage`: a message from one user to another (API document, part one; protocol notes,
 * section 9). The text comes as it is read; it is encrypted here, as clients expect it (section 4). Answered
 * when the message is stored. `id` in the body or the header Idempotency-Key names the message: the same
 * name again, from the same user to the same one, stores no second message and is answered like the first.
 */
export async function sendP2pMessage(context: Context, call: Call): Promise<Result> {
  const { appender, instance, maxMessageBytes, textCodec } = context;
  const parsed = parameters.safeParse({ ...call.body, from_user_id: callerOf(call) });
  if (!parsed.success) return { code: ErrorCode.BAD_PARAMETER };
  const { from_user_id: fromUserId, session_id: toSessionId, msg, msg_type: msgType } = parsed.data;
  if (!allowedTypes.includes(msgType)) return { code: ErrorCode.BAD_MESSAGE_TYPE };
  // Clients cannot do it either.
  if (fromUserId === toSessionId) return { code: ErrorCode.ID_NOT_ALLOWED };
  const key = messageKey.optional().safeParse(parsed.data.id ?? call.idempotencyKey);
  if (!key.success) return { code: ErrorCode.BAD_PARAMETER };
  const msgData = textCodec.encrypt(msg);
  if (msgData.length > maxMessageBytes) return { code: ErrorCode.BAD_PARAMETER };
  if (appender.full) return { code: ErrorCode.SERVER_ERROR };

  let ticket = 0;
  const result = await new Promise<AppendResult | undefined>((resolve) => {
    ticket = appender.send(
      {
        fromUserId,
        toSessionId,
        msgType,
        msgData,
        clientKey: clientKeyOf(key.data),
        connectionId: 0,
      },
      conversationKey(false, fromUserId, toSessionId),
      resolve,
    );
  });
  // No result in time: the message may be stored or not. With a key the caller can safely ask again.
  const code = result ? codes[result.status] : ErrorCode.SERVER_ERROR;
  return { code, trace: traceId(instance, ticket) };
}

/** Keys of the API and `attach_data` keys of the same user's clients must not meet in the store. */
function clientKeyOf(key: string | undefined): Buffer | undefined {
  return key === undefined ? undefined : Buffer.from(`http:${key}`);
}
