import { isAudioMessageType, isGroupMessageType, isKnownMessageType } from '@teamtalk/protocol';
import { type AppendResult, conversationKey, teamtalk } from '@teamtalk/rpc';
import { messageSpan, receivedNow, recordSent, traceId } from '@teamtalk/service-kit';
import type { Context } from '../context.js';

const { AppendStatus } = teamtalk.db;

export interface NewMessage {
  fromUserId: number;
  /** a user, or a group for the group message types */
  toSessionId: number;
  /** as in the client protocol */
  msgType: number;
  /** plain text; for audio, base64 of the duration in seconds (big-endian u32) followed by the sound */
  msg: string;
  /** the caller's idempotency key, scoped to its app; empty: none */
  key: string;
}

export type SendOutcome =
  | { status: 'stored'; msgId: number; trace: string }
  | { status: SendRefusal; trace?: string };

export type SendRefusal =
  /** no such message type in the protocol */
  | 'unknown-type'
  /** audio that is not base64 or has no sound */
  | 'not-audio'
  | 'too-long'
  /** as for clients */
  | 'to-oneself'
  /** the sender or the receiver does not exist */
  | 'unknown-user'
  | 'not-a-member'
  | 'invalid'
  /** the outcome is unknown; with an idempotency key the caller can safely retry */
  | 'unavailable';

const refusals: Record<Exclude<teamtalk.db.AppendStatus, 0>, SendRefusal> = {
  [AppendStatus.APPEND_UNKNOWN_RECEIVER]: 'unknown-user',
  [AppendStatus.APPEND_NOT_A_MEMBER]: 'not-a-member',
  [AppendStatus.APPEND_INVALID]: 'invalid',
  [AppendStatus.APPEND_UNAVAILABLE]: 'unavailable',
};

/** Stores a message: once stored, it will be delivered. */
export async function sendMessage(context: Context, message: NewMessage): Promise<SendOutcome> {
  const { appender, instance, tracing } = context;
  const { fromUserId, toSessionId, msgType, key } = message;
  const msgData = encodeContent(context, message);
  if (typeof msgData === 'string') return { status: msgData };
  const isGroup = isGroupMessageType(msgType);
  if (!isGroup && fromUserId === toSessionId) return { status: 'to-oneself' };
  if (appender.full) return { status: 'unavailable' };

  // A message is traced if its request is.
  const request = tracing?.active;
  const begin = performance.now();
  let requestId = 0;
  const result = await new Promise<AppendResult | undefined>((resolve) => {
    ({ requestId } = appender.send(
      {
        requestId: 0,
        fromUserId,
        toSessionId,
        msgType,
        msgData,
        clientKey: clientKeyOf(key),
        connectionId: 0,
        receivedAt: receivedNow(),
      },
      conversationKey(isGroup, fromUserId, toSessionId),
      resolve,
      undefined,
      request !== undefined,
    ));
  });
  const trace = traceId(instance, requestId);
  if (tracing && request) {
    const msgId = result?.msgId ?? 0;
    const error = result ? refusals[result.status as keyof typeof refusals] : 'unavailable';
    const sent = { instance, requestId, fromUserId, toSessionId, isGroup, msgType, msgId };
    recordSent(tracing, { ...sent, begin, error, request });
    tracing.linkActive(messageSpan(instance, requestId, 'send'));
  }
  if (!result) return { status: 'unavailable', trace };
  if (result.status === AppendStatus.APPEND_STORED) return { status: 'stored', msgId: result.msgId, trace };
  return { status: refusals[result.status as keyof typeof refusals], trace };
}

/** `msg_data` as clients expect it (client-behaviour.md#text-encryption), or why there is none. */
export function encodeContent(
  { textCodec, maxMessageBytes }: Pick<Context, 'textCodec' | 'maxMessageBytes'>,
  { msgType, msg }: Pick<NewMessage, 'msgType' | 'msg'>,
): Buffer | 'unknown-type' | 'not-audio' | 'too-long' {
  if (!isKnownMessageType(msgType)) return 'unknown-type';
  const msgData = isAudioMessageType(msgType) ? decodeAudio(msg) : textCodec.encrypt(msg);
  if (!msgData) return 'not-audio';
  return msgData.length > maxMessageBytes ? 'too-long' : msgData;
}

/** Bytes of the duration before the sound, which must not be empty. */
const durationBytes = 4;

function decodeAudio(msg: string): Buffer | undefined {
  const bytes = Buffer.from(msg, 'base64');
  // Buffer.from ignores invalid characters.
  if (bytes.length <= durationBytes || bytes.toString('base64') !== msg) return undefined;
  return bytes;
}

/** The prefix keeps keys of the API apart from `attach_data` keys of the same user's clients. */
function clientKeyOf(key: string): Buffer | undefined {
  return key === '' ? undefined : Buffer.from(`http:${key}`);
}
