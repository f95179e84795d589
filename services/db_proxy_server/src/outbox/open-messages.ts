import type { StoredMessage } from './stored-batch.js';

/**
 * Which messages no route_server has answered for yet, by conversation: a message that overtakes one of
 * them says so, and whoever has just logged in gets both in order.
 */
export class OpenMessages {
  /** the lowest id of each batch that has messages of the conversation, oldest batch first */
  readonly #lowest = new Map<number, number[]>();

  begin(messages: readonly StoredMessage[]): void {
    for (const [conversation, msgId] of lowestIds(messages)) {
      const open = this.#lowest.get(conversation);
      if (open) open.push(msgId);
      else this.#lowest.set(conversation, [msgId]);
    }
  }

  end(messages: readonly StoredMessage[]): void {
    for (const [conversation, msgId] of lowestIds(messages)) {
      const open = this.#lowest.get(conversation);
      const index = open?.indexOf(msgId) ?? -1;
      if (!open || index < 0) continue;
      if (open.length === 1) this.#lowest.delete(conversation);
      else open.splice(index, 1);
    }
  }

  /** The lowest open id of the message's conversation when it is below the message's own; otherwise 0. */
  before(message: StoredMessage): number {
    const lowest = this.#lowest.get(keyOf(message))?.[0] ?? message.msgId;
    return lowest < message.msgId ? lowest : 0;
  }
}

function lowestIds(messages: readonly StoredMessage[]): Map<number, number> {
  const lowest = new Map<number, number>();
  for (const message of messages) {
    const key = keyOf(message);
    // Ids ascend in a batch.
    if (!lowest.has(key)) lowest.set(key, message.msgId);
  }
  return lowest;
}

/** A number for a conversation. Two may share one: then a few messages too many are looked for, no more. */
function keyOf({ isGroup, fromUserId, toSessionId }: StoredMessage): number {
  if (isGroup) return -toSessionId;
  return Math.min(fromUserId, toSessionId) * 0x1_0000_0000 + Math.max(fromUserId, toSessionId);
}
