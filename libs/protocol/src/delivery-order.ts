/**
 * Checks that a connection gets every message of a conversation once, in ascending order of ids.
 * @param newest the highest id delivered before
 * @param isKnown whether this message was delivered before
 */
export function deliveryFault(
  msgId: number,
  newest: number,
  isKnown: boolean,
): 'duplicated' | 'reordered' | undefined {
  if (isKnown) return 'duplicated';
  return msgId < newest ? 'reordered' : undefined;
}

/** Recent ids kept to tell a duplicate from a message out of order. */
const memory = 2_000;

/** Tracks the order in which one connection, or one client across connections, gets one conversation's messages. */
export class DeliveryOrder {
  readonly #recent = new Set<number>();
  #newest = 0;

  get newest(): number {
    return this.#newest;
  }

  take(msgId: number): 'duplicated' | 'reordered' | undefined {
    const fault = deliveryFault(msgId, this.#newest, this.#recent.has(msgId));
    this.#recent.add(msgId);
    this.#newest = Math.max(this.#newest, msgId);
    if (this.#recent.size > memory) this.#recent.delete(this.#recent.values().next().value!);
    return fault;
  }
}
