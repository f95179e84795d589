import type { DeliveryOrder } from '@teamtalk/protocol';

/** What became of a message at its sender. */
export const messageOutcomes = ['acknowledged', 'unacknowledged', 'interrupted'] as const;
export type MessageOutcome = (typeof messageOutcomes)[number];

/** What became of it at one of its receivers. */
export const deliveryOutcomes = [
  'delivered',
  'late',
  'lost',
  'duplicated',
  'reordered',
  'interrupted',
] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

/** A connection of an account. */
export interface Receiver {
  readonly account: string;
  readonly server: string;
  readonly isOpen: boolean;
  readonly order: Pick<DeliveryOrder, 'take'>;
}

export interface Delivery {
  outcome: DeliveryOutcome;
  receiver: Receiver;
  /** undefined: of a message that is not this canary's, or that was judged before */
  sender?: Receiver | undefined;
  msgId: number | undefined;
  /** from sending to arrival, milliseconds; undefined: it has not arrived, or not for the first time */
  ms?: number;
}

interface LedgerOptions {
  /** after it an arrival is late, milliseconds from sending */
  lateMs: number;
  /** after it a message is lost, milliseconds from its acknowledgement */
  lostMs: number;
  onMessage(outcome: MessageOutcome, ms: number): void;
  onDelivery(delivery: Delivery): void;
}

interface InFlight {
  readonly sender: Receiver;
  sentAt: number;
  msgId: number | undefined;
  acknowledgedAt: number | undefined;
  /** those who have not got it yet */
  readonly waiting: Set<Receiver>;
}

/**
 * Knows of each message who has to get it: everybody who was online when it was sent, for as long as their connection
 * lasts. It keeps a message until all have it or are given up, at most `lostMs` longer than its acknowledgement takes.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #inFlight = new Map<number, InFlight>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#inFlight.size;
  }

  sent(number: number, sender: Receiver, receivers: Iterable<Receiver>, now: number): void {
    const waiting = new Set(receivers);
    this.#inFlight.set(number, {
      sender,
      sentAt: now,
      msgId: undefined,
      acknowledgedAt: undefined,
      waiting,
    });
  }

  /** It is stored: from now on it may not be lost. */
  acknowledged(number: number, msgId: number, now: number): void {
    const message = this.#inFlight.get(number);
    if (!message) return;
    message.msgId = msgId;
    message.acknowledgedAt = now;
    this.#options.onMessage('acknowledged', now - message.sentAt);
    this.#forgetIfDone(number, message);
  }

  /** There is no acknowledgement: nothing was promised. */
  failed(number: number, outcome: Exclude<MessageOutcome, 'acknowledged'>, now: number): void {
    const message = this.#inFlight.get(number);
    if (!message) return;
    this.#inFlight.delete(number);
    this.#options.onMessage(outcome, now - message.sentAt);
  }

  /** @param number undefined: not one of this canary's messages */
  delivered(receiver: Receiver, number: number | undefined, msgId: number, now: number): void {
    const fault = receiver.order.take(msgId);
    const message = number === undefined ? undefined : this.#inFlight.get(number);
    const isFirst = message?.waiting.delete(receiver) ?? false;
    if (fault !== undefined) {
      this.#options.onDelivery({ outcome: fault, receiver, sender: message?.sender, msgId });
    } else if (message && isFirst) {
      const ms = now - message.sentAt;
      const outcome = ms > this.#options.lateMs ? 'late' : 'delivered';
      this.#options.onDelivery({ outcome, receiver, sender: message.sender, msgId, ms });
    }
    if (message && number !== undefined) this.#forgetIfDone(number, message);
  }

  /** Gives up what has not arrived in time. */
  judge(now: number): void {
    for (const [number, { acknowledgedAt, sender, msgId, waiting }] of this.#inFlight) {
      if (acknowledgedAt === undefined || now - acknowledgedAt < this.#options.lostMs) continue;
      this.#inFlight.delete(number);
      for (const receiver of waiting) {
        const outcome = receiver.isOpen ? 'lost' : 'interrupted';
        this.#options.onDelivery({ outcome, receiver, sender, msgId });
      }
    }
  }

  /** This process stalled for so many milliseconds: nobody else is to blame for them. */
  excuse(ms: number): void {
    for (const message of this.#inFlight.values()) {
      message.sentAt += ms;
      if (message.acknowledgedAt !== undefined) message.acknowledgedAt += ms;
    }
  }

  #forgetIfDone(number: number, { acknowledgedAt, waiting }: InFlight): void {
    if (acknowledgedAt !== undefined && waiting.size === 0) this.#inFlight.delete(number);
  }
}
