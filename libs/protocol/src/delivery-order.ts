/**
 * One connection gets every id of a conversation once, and ids ascend.
 * @param newest the highest id it got before
 * @param isKnown whether it got this message before
 */
export function deliveryFault(
  msgId: number,
  newest: number,
  isKnown: boolean,
): 'duplicated' | 'reordered' | undefined {
  if (isKnown) return 'duplicated';
  return msgId < newest ? 'reordered' : undefined;
}

/** Ids that are remembered to tell a duplicate from a message out of order. */
const memory = 2_000;

/** What one connection, or one client across its connections, gets of one conversation. */
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
