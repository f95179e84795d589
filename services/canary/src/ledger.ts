import type { DeliveryOrder } from '@teamtalk/protocol';

/** Outcomes of a message at its sender. */
export const messageOutcomes = ['acknowledged', 'unacknowledged', 'interrupted'] as const;
export type MessageOutcome = (typeof messageOutcomes)[number];

/** Outcomes of a message at one of its receivers. */
export const deliveryOutcomes = [
  'delivered',
  'late',
  'lost',
  'duplicated',
  'reordered',
  'interrupted',
] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

/** An account's connection. */
export interface Receiver {
  readonly account: string;
  readonly server: string;
  readonly isOpen: boolean;
  readonly order: Pick<DeliveryOrder, 'take'>;
}

export interface Delivery {
  outcome: DeliveryOutcome;
  receiver: Receiver;
  /** undefined: the message is not from this canary, or is no longer tracked */
  sender?: Receiver | undefined;
  msgId: number | undefined;
  /** time from sending to arrival, milliseconds; undefined: not arrived, or a repeated arrival */
  ms?: number;
}

interface LedgerOptions {
  /** an arrival is late after this time from sending, milliseconds */
  lateMs: number;
  /** a message is lost after this time from its acknowledgement, milliseconds */
  lostMs: number;
  onMessage(outcome: MessageOutcome, ms: number): void;
  onDelivery(delivery: Delivery): void;
}

interface InFlight {
  readonly sender: Receiver;
  sentAt: number;
  msgId: number | undefined;
  acknowledgedAt: number | undefined;
  /** receivers it has not reached yet */
  readonly waiting: Set<Receiver>;
}

/**
 * Tracks who still has to receive each message: everybody who was online when it was sent, for as long as their connection
 * lasts. A message is tracked until all have it or are given up, at most `lostMs` after its acknowledgement.
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

  /** The message is stored, so from now on it must not be lost. */
  acknowledged(number: number, msgId: number, now: number): void {
    const message = this.#inFlight.get(number);
    if (!message) return;
    message.msgId = msgId;
    message.acknowledgedAt = now;
    this.#options.onMessage('acknowledged', now - message.sentAt);
    this.#forgetIfDone(number, message);
  }

  /** The message was not acknowledged, so its delivery is not guaranteed. */
  failed(number: number, outcome: Exclude<MessageOutcome, 'acknowledged'>, now: number): void {
    const message = this.#inFlight.get(number);
    if (!message) return;
    this.#inFlight.delete(number);
    this.#options.onMessage(outcome, now - message.sentAt);
  }

  /** @param number undefined: not a message of this canary */
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

  /** Gives up deliveries that have not arrived in time. */
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

  /** Excludes time for which this process itself stalled, milliseconds. */
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
