import type { Conversation, Ledger } from './ledger.js';

/** Ids of one conversation that are remembered to tell a repetition from something that comes out of order. */
const memory = 2_000;

/**
 * What one connection, or one client through all its connections, gets of each conversation: every id once,
 * and ascending.
 */
export class DeliveryWatch {
  readonly #ledger: Ledger;
  readonly #userId: number;
  readonly #what: string;
  readonly #seen = new Map<Conversation, { last: number; ids: Set<number> }>();

  /** @param what is watched, for reports */
  constructor(ledger: Ledger, userId: number, what: string) {
    this.#ledger = ledger;
    this.#userId = userId;
    this.#what = what;
  }

  take(conversation: Conversation, msgId: number): void {
    const seen = this.#seen.get(conversation);
    if (!seen) {
      this.#seen.set(conversation, { last: msgId, ids: new Set([msgId]) });
      return;
    }
    const where = `${this.#what} of user ${this.#userId}, ${conversation.key}: ${msgId}`;
    if (seen.ids.has(msgId)) this.#ledger.violated('duplicated', `${where} again`);
    else if (msgId < seen.last) this.#ledger.violated('reordered', `${where} after ${seen.last}`);
    seen.ids.add(msgId);
    seen.last = Math.max(seen.last, msgId);
    if (seen.ids.size > memory) seen.ids.delete(seen.ids.values().next().value!);
  }
}
