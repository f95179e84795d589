import type { ForeignUndelivered, StoredBatch, StoredMessage } from '../stored-batch.js';

/** Most tracked conversations with foreign undelivered messages; some 200 bytes each. */
const maxForeign = 100_000;

/**
 * Tracks undelivered messages by conversation. A message that overtakes one names the lowest of them, so that msg_server
 * delivers both in order.
 */
export class UndeliveredTracker {
  /** lowest id in each batch with messages of the conversation, ascending */
  readonly #lowest = new Map<number, number[]>();
  /** undelivered messages stored by other replicas or left to the reclaimer */
  readonly #foreign = new Map<string, ForeignUndelivered>();

  begin({ messages, foreignUndelivered }: StoredBatch): void {
    for (const [conversation, msgId] of lowestIds(messages)) {
      const open = this.#lowest.get(conversation);
      if (open) insert(open, msgId);
      else this.#lowest.set(conversation, [msgId]);
    }
    for (const each of foreignUndelivered) this.#learn(each);
  }

  /** Notes a batch left to the reclaimer. @returns false when there are too many conversations to track */
  leave({ messages, foreignUndelivered }: StoredBatch): boolean {
    if (this.#foreign.size + foreignUndelivered.length + messages.length > maxForeign) return false;
    for (const each of foreignUndelivered) this.#learn(each);
    for (const message of messages) {
      const [low, high] = sidesOf(message);
      this.#learn({ low, high, lowest: message.msgId, before: message.msgId + 1 });
    }
    return true;
  }

  #learn(open: ForeignUndelivered): void {
    const known = this.#foreign.get(nameOf(open.low, open.high));
    this.#keep({
      ...open,
      lowest: Math.min(open.lowest, known?.lowest ?? open.lowest),
      before: Math.max(open.before, known?.before ?? open.before),
    });
  }

  end({ messages }: StoredBatch): void {
    for (const [conversation, msgId] of lowestIds(messages)) {
      const open = this.#lowest.get(conversation);
      const index = open?.indexOf(msgId) ?? -1;
      if (!open || index < 0) continue;
      if (open.length === 1) this.#lowest.delete(conversation);
      else open.splice(index, 1);
    }
  }

  /** Forgets all undelivered messages. */
  clear(): void {
    this.#lowest.clear();
    this.#foreign.clear();
  }

  /** The lowest undelivered id of the message's conversation if below the message's own; otherwise 0. */
  before(message: StoredMessage): number {
    let lowest = this.#lowest.get(keyOf(message))?.[0] ?? message.msgId;
    if (this.#foreign.size > 0) {
      const [low, high] = sidesOf(message);
      lowest = Math.min(lowest, this.#foreign.get(nameOf(low, high))?.lowest ?? lowest);
    }
    return lowest < message.msgId ? lowest : 0;
  }

  get knowsForeign(): boolean {
    return this.#foreign.size > 0;
  }

  /** Foreign undelivered messages, as last known. */
  get foreign(): ForeignUndelivered[] {
    return [...this.#foreign.values()];
  }

  /** @param lowest the present lowest undelivered id for each of `asked`; null: none */
  refresh(asked: readonly ForeignUndelivered[], lowest: readonly (number | null)[]): void {
    asked.forEach((each, i) => {
      // Updated since the query: newer than its result.
      if (this.#foreign.get(nameOf(each.low, each.high)) !== each) return;
      const now = lowest[i] ?? null;
      if (now === null) this.#foreign.delete(nameOf(each.low, each.high));
      else this.#keep({ ...each, lowest: now });
    });
  }

  #keep(open: ForeignUndelivered): void {
    this.#foreign.set(nameOf(open.low, open.high), open);
  }
}

/** Inserts in order; nearly always at the end, but reclaimed batches are older. */
function insert(ids: number[], id: number): void {
  let at = ids.length;
  while (at > 0 && (ids[at - 1] as number) > id) at--;
  ids.splice(at, 0, id);
}

function lowestIds(messages: readonly StoredMessage[]): Map<number, number> {
  const lowest = new Map<number, number>();
  for (const message of messages) {
    const key = keyOf(message);
    // Ids ascend within a batch.
    if (!lowest.has(key)) lowest.set(key, message.msgId);
  }
  return lowest;
}

/** A hash of the conversation. A collision only makes a message name a few more as undelivered. */
function keyOf({ isGroup, fromUserId, toSessionId }: StoredMessage): number {
  if (isGroup) return -toSessionId;
  return Math.min(fromUserId, toSessionId) * 0x1_0000_0000 + Math.max(fromUserId, toSessionId);
}

function sidesOf({ isGroup, fromUserId, toSessionId }: StoredMessage): [low: number, high: number] {
  if (isGroup) return [0, toSessionId];
  return [Math.min(fromUserId, toSessionId), Math.max(fromUserId, toSessionId)];
}

function nameOf(low: number, high: number): string {
  return `${low}:${high}`;
}
