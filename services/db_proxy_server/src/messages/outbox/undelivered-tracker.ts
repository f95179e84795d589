import type { ForeignUndelivered, StoredBatch, StoredMessage } from '../stored-batch.js';

/** Conversations with messages of others, or left to the reclaimer, that are kept: some 200 bytes each. */
const maxForeign = 100_000;

/**
 * Which messages no route_server has answered for yet, by conversation: a message that overtakes one of
 * them says so, and whoever has just logged in gets both in order.
 */
export class UndeliveredTracker {
  /** the lowest id of each batch that has messages of the conversation, ascending */
  readonly #lowest = new Map<number, number[]>();
  /** what others have stored, and what was left to the reclaimer, as long as it is not delivered */
  readonly #foreign = new Map<string, ForeignUndelivered>();

  begin({ messages, foreignUndelivered }: StoredBatch): void {
    for (const [conversation, msgId] of lowestIds(messages)) {
      const open = this.#lowest.get(conversation);
      if (open) insert(open, msgId);
      else this.#lowest.set(conversation, [msgId]);
    }
    for (const each of foreignUndelivered) this.#learn(each);
  }

  /** A batch is left to the reclaimer. @returns false when there are too many conversations to know them all */
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

  /** Nothing is known to be open. */
  clear(): void {
    this.#lowest.clear();
    this.#foreign.clear();
  }

  /** The lowest open id of the message's conversation when it is below the message's own; otherwise 0. */
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

  /** Of others, as it was last heard. */
  get foreign(): ForeignUndelivered[] {
    return [...this.#foreign.values()];
  }

  /** @param lowest what is open now of what `foreign` gave as `asked`; null: nothing */
  refresh(asked: readonly ForeignUndelivered[], lowest: readonly (number | null)[]): void {
    asked.forEach((each, i) => {
      // Heard of again meanwhile: that is newer than the answer.
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

/** At its place; nearly always that is the end, but a batch that was taken over is older. */
function insert(ids: number[], id: number): void {
  let at = ids.length;
  while (at > 0 && (ids[at - 1] as number) > id) at--;
  ids.splice(at, 0, id);
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

function sidesOf({ isGroup, fromUserId, toSessionId }: StoredMessage): [low: number, high: number] {
  if (isGroup) return [0, toSessionId];
  return [Math.min(fromUserId, toSessionId), Math.max(fromUserId, toSessionId)];
}

function nameOf(low: number, high: number): string {
  return `${low}:${high}`;
}
