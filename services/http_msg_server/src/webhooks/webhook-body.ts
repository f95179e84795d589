import { isAudioMessageType, isTextMessageType, type TextCodec, TextError } from '@teamtalk/protocol';
import type { httpApi } from '@teamtalk/rpc';

/** The message data in an event of a message to a bot. */
interface StoredMessageData {
  msg_type: number;
  /** base64 */
  msg_data: string;
  /** Unix seconds */
  sent_at: number;
}

/**
 * The JSON to post for an event: `id`, `event`, `created_at` and `data`. Message texts are decrypted.
 */
export function webhookBody(
  { eventId, event, data, createdAt }: httpApi.api.WebhookEvent,
  textCodec: TextCodec,
): string {
  const parsed = JSON.parse(data) as Record<string, unknown>;
  return JSON.stringify({
    id: String(eventId),
    event,
    created_at: new Date(createdAt * 1000).toISOString(),
    data:
      event === 'message'
        ? readable(parsed as Record<string, unknown> & StoredMessageData, textCodec)
        : parsed,
  });
}

function readable(
  { msg_type, msg_data, sent_at, ...rest }: Record<string, unknown> & StoredMessageData,
  textCodec: TextCodec,
): Record<string, unknown> {
  const message = { ...rest, sent_at: new Date(sent_at * 1000).toISOString() };
  if (isAudioMessageType(msg_type)) return { ...message, type: 'audio', msg: msg_data };
  if (!isTextMessageType(msg_type)) return { ...message, type: 'unknown', msg: msg_data };
  try {
    return { ...message, type: 'text', msg: textCodec.decrypt(Buffer.from(msg_data, 'base64')) };
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    return { ...message, type: 'unknown', msg: msg_data };
  }
}
