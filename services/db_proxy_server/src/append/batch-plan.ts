import type { Entry } from './entry.js';

/** One conversation's part in a batch. */
interface PlannedConversation {
  readonly low: number;
  readonly high: number;
  /** messages of this batch */
  count: number;
  /** of which the lower user sent */
  fromLow: number;
}

/** A message with its place in the batch; ids follow from it once the conversation's base is known. */
export interface PlannedMessage {
  readonly entry: Entry;
  /** index into the conversations, from 0 */
  conversation: number;
  /** from 1 inside the conversation */
  readonly rank: number;
  /** from 1 among this side's messages of a pair, or among the conversation's of a group */
  readonly senderRank: number;
}

export interface BatchPlan {
  /** ascending by key, the order in which rows are locked */
  readonly conversations: readonly PlannedConversation[];
  readonly messages: readonly PlannedMessage[];
  /** entries with the same sender's key as an earlier one of this batch: they get its outcome */
  readonly repeats: ReadonlyMap<Entry, Entry>;
}

/** Numbers the entries of a batch inside their conversations, in the order given. */
export function planBatch(entries: readonly Entry[]): BatchPlan {
  const conversations: PlannedConversation[] = [];
  const byKey = new Map<number, Map<number, PlannedConversation>>();
  const messages: PlannedMessage[] = [];
  const owners: PlannedConversation[] = [];
  const repeats = new Map<Entry, Entry>();
  let keys: Map<string, Entry> | undefined;

  for (const entry of entries) {
    if (entry.key) {
      keys ??= new Map();
      const key = `${entry.low}:${entry.high}:${entry.fromUserId}:${Buffer.from(entry.key).toString('base64')}`;
      const earlier = keys.get(key);
      if (earlier) {
        repeats.set(entry, earlier);
        continue;
      }
      keys.set(key, entry);
    }
    let ofLow = byKey.get(entry.low);
    if (!ofLow) {
      ofLow = new Map();
      byKey.set(entry.low, ofLow);
    }
    let conversation = ofLow.get(entry.high);
    if (!conversation) {
      conversation = { low: entry.low, high: entry.high, count: 0, fromLow: 0 };
      ofLow.set(entry.high, conversation);
      conversations.push(conversation);
    }
    const rank = ++conversation.count;
    const fromLow = !entry.isGroup && entry.fromUserId === entry.low;
    if (fromLow) conversation.fromLow++;
    const senderRank = fromLow ? conversation.fromLow : rank - conversation.fromLow;
    messages.push({ entry, conversation: 0, rank, senderRank });
    owners.push(conversation);
  }

  conversations.sort((a, b) => a.low - b.low || a.high - b.high);
  const index = new Map(conversations.map((conversation, i) => [conversation, i]));
  messages.forEach((message, i) => {
    message.conversation = index.get(owners[i] as PlannedConversation) as number;
  });
  return { conversations, messages, repeats };
}
