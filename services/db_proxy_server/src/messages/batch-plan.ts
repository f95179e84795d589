import { traceId } from '@teamtalk/service-kit';
import type { Entry } from './entry.js';

/** A conversation in a batch. */
interface PlannedConversation {
  readonly low: number;
  readonly high: number;
  /** messages of this batch */
  count: number;
  /** those sent by the lower user */
  fromLow: number;
  /** index among the conversations, ascending by key */
  index: number;
  /** next conversation with the same hash */
  readonly next: PlannedConversation | undefined;
}

/** A message with its position in the batch; its id follows once the conversation's base is known. */
export interface PlannedMessage {
  readonly entry: Entry;
  readonly part: PlannedConversation;
  /** position in the conversation, from 1 */
  readonly rank: number;
  /** position among the sender's messages of a pair, or among all messages of a group, from 1 */
  readonly senderRank: number;
}

export interface BatchPlan {
  /** ascending by key, which is the lock order */
  readonly conversations: readonly PlannedConversation[];
  readonly messages: readonly PlannedMessage[];
  /** entries that are the same message as an earlier one in this batch, whose outcome they share */
  readonly repeats: ReadonlyMap<Entry, Entry>;
}

/**
 * Numbers the entries of a batch within their conversations, in the given order. If several entries are the same message,
 * because of the sender's key or because one is a retry of another, only the first is stored.
 */
export function planBatch(entries: readonly Entry[]): BatchPlan {
  const conversations: PlannedConversation[] = [];
  const byNumber = new Map<number, PlannedConversation>();
  const messages: PlannedMessage[] = [];
  const repeats = new Map<Entry, Entry>();
  const firsts = new Map<string, Entry>();
  const hasRetries = entries.some(({ retry }) => retry);

  for (const entry of entries) {
    const identity = identityOf(entry, hasRetries);
    if (identity !== undefined) {
      const first = firsts.get(identity);
      if (first) {
        // Stored as a retry, since another replica may have another attempt.
        if (entry.retry) first.retry = true;
        repeats.set(entry, first);
        continue;
      }
      firsts.set(identity, entry);
    }
    const { low, high } = entry;
    // Not exact for large ids: conversations that share a number are chained.
    const number = low * 0x1_0000_0000 + high;
    const first = byNumber.get(number);
    let part = first;
    while (part && (part.low !== low || part.high !== high)) part = part.next;
    if (!part) {
      part = { low, high, count: 0, fromLow: 0, index: 0, next: first };
      byNumber.set(number, part);
      conversations.push(part);
    }
    const rank = ++part.count;
    const fromLow = !entry.isGroup && entry.fromUserId === low;
    if (fromLow) part.fromLow++;
    const senderRank = fromLow ? part.fromLow : rank - part.fromLow;
    messages.push({ entry, part, rank, senderRank });
  }

  conversations.sort((a, b) => a.low - b.low || a.high - b.high);
  conversations.forEach((conversation, i) => {
    conversation.index = i;
  });
  return { conversations, messages, repeats };
}

/** Equal for the entries of a batch that are the same message; undefined: no other entry can be the same. */
function identityOf(
  { key, low, high, fromUserId, originInstance, originRequestId }: Entry,
  hasRetries: boolean,
): string | undefined {
  if (key) return `${low}:${high}:${fromUserId}:${Buffer.from(key).toString('base64')}`;
  // A caller that lost one of two connections to this process resends over the other one what is still waiting here.
  return hasRetries ? traceId(originInstance, originRequestId) : undefined;
}
