import type { Message } from '@teamtalk/client';
import { isAudioMessageType } from '@teamtalk/protocol';

/** The displayed content of a message. */
type Content =
  | { kind: 'text'; text: string }
  | { kind: 'audio'; seconds: number; bytes: Uint8Array<ArrayBuffer> }
  /** Encrypted with another key, or of a type unknown to this page. */
  | { kind: 'unreadable' };

export interface ShownMessage {
  readonly id: number;
  readonly from: number;
  /** unix seconds */
  readonly time: number;
  readonly content: Content;
}

export function shownMessage(message: Message): ShownMessage {
  return {
    id: message.msgId,
    from: message.fromUserId,
    time: message.createTime,
    content: contentOf(message),
  };
}

function contentOf(message: Pick<Message, 'type' | 'data' | 'text'>): Content {
  if (isAudioMessageType(message.type)) {
    const { data } = message;
    const seconds =
      data.length >= 4 ? new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0) : 0;
    return { kind: 'audio', seconds, bytes: data.slice(4) };
  }
  try {
    const { text } = message;
    return text === undefined ? { kind: 'unreadable' } : { kind: 'text', text };
  } catch {
    return { kind: 'unreadable' };
  }
}

/** Merges messages into the known ones, ordered by id and without duplicates. */
export function mergeMessages(
  known: readonly ShownMessage[],
  more: readonly ShownMessage[],
): readonly ShownMessage[] {
  const newest = known.at(-1)?.id ?? 0;
  const fresh = more.filter(({ id }, i) => id > (i === 0 ? newest : more[i - 1]!.id));
  // Fast path: a new message is usually newer than all known ones.
  if (fresh.length === more.length) return more.length === 0 ? known : [...known, ...more];
  const byId = new Map(known.map((message) => [message.id, message]));
  for (const message of more) if (!byId.has(message.id)) byId.set(message.id, message);
  if (byId.size === known.length) return known;
  return [...byId.values()].sort((a, b) => a.id - b.id);
}
