import type { Conversation } from '@teamtalk/load-generator';
import { DeliveryOrder } from '@teamtalk/protocol';
import type { Ledger } from './ledger.js';

/** What one connection, or one client through all its connections, gets of each conversation. */
export class DeliveryWatch {
  readonly #ledger: Ledger;
  readonly #userId: number;
  readonly #what: string;
  readonly #orders = new Map<Conversation, DeliveryOrder>();

  /** @param what names what is watched, for reports */
  constructor(ledger: Ledger, userId: number, what: string) {
    this.#ledger = ledger;
    this.#userId = userId;
    this.#what = what;
  }

  take(conversation: Conversation, msgId: number): void {
    const order = this.#orders.get(conversation) ?? new DeliveryOrder();
    this.#orders.set(conversation, order);
    const { newest } = order;
    const fault = order.take(msgId);
    if (!fault) return;
    const where = `${this.#what} of user ${this.#userId}, ${conversation.key}`;
    this.#ledger.findings.add(fault, `${where}: ${msgId} after ${newest}`);
  }
}
