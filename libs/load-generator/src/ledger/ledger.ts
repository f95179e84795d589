import { numberLimit } from '../wire.js';
import { BitSet } from './bit-set.js';
import type { Conversation } from './conversation.js';
import { Findings, SendOrder, type SentMessage, type StoredMessages } from './judgement.js';

/** What can go wrong. Every count should be 0. */
export const violations = [
  /** acknowledged, but not in history under that id */
  'lost',
  /** in history twice, acknowledged as two, or delivered twice on one connection */
  'duplicated',
  /** delivered in another order than that of the ids, or stored in another than it was sent in */
  'reordered',
  /** in history, but never with a receiver */
  'undelivered',
  /** delivered to somebody who is not in the conversation */
  'misrouted',
  /** never acknowledged, whatever its client did */
  'unacknowledged',
] as const;

export type Violations = Readonly<Record<(typeof violations)[number], number>>;

/**
 * Every message of a run by its number: who sent it where, the id it was acknowledged with, and a bit for each receiver
 * that has it. Typed arrays, because at 30,000 messages a second an object for each would be measured along with the
 * servers. The chaos tests need times and keep objects (tests/faults/src/chaos/record/ledger.ts); both judge by
 * judgement.ts.
 */
export class Ledger {
  /** tells messages of this run from others */
  readonly run = Math.floor(Math.random() * numberLimit);
  readonly conversations: readonly Conversation[];
  readonly findings: Findings<(typeof violations)[number]>;
  /** members of the largest conversation */
  readonly #width: number;
  /** by number; 0: no ack came */
  readonly #msgIds: Uint32Array;
  readonly #senders: Uint32Array;
  readonly #conversationOf: Uint32Array;
  /** by number and member */
  readonly #received: BitSet;
  #sent = 0;
  #acked = 0;
  #owed = 0;

  /**
   * @param most messages at most
   * @param report told of violations in words
   */
  constructor(conversations: readonly Conversation[], most: number, report?: (text: string) => void) {
    this.conversations = conversations;
    this.findings = new Findings(violations, report);
    this.#width = conversations.reduce((width, { members }) => Math.max(width, members.length), 0);
    this.#msgIds = new Uint32Array(most);
    this.#senders = new Uint32Array(most);
    this.#conversationOf = new Uint32Array(most);
    this.#received = new BitSet(most * this.#width);
  }

  get sent(): number {
    return this.#sent;
  }

  get acked(): number {
    return this.#acked;
  }

  get delivered(): number {
    return this.#received.size;
  }

  /** Deliveries still to come, if all that was sent is stored. */
  get inFlight(): number {
    return this.#owed - this.#received.size;
  }

  get isComplete(): boolean {
    return this.#acked >= this.#sent && this.inFlight <= 0;
  }

  get isFull(): boolean {
    return this.#sent >= this.#msgIds.length;
  }

  /**
   * @param conversation index in `conversations`
   * @param sender index among its members
   * @returns the number of a new message
   */
  begin(conversation: number, sender: number): number {
    const number = this.#sent++;
    this.#conversationOf[number] = conversation;
    this.#senders[number] = sender;
    this.#owed += this.conversations[conversation]!.members.length - 1;
    return number;
  }

  /** Whether a message of this number was sent. */
  knows(number: number): boolean {
    return number >= 0 && number < this.#sent;
  }

  /** @returns whether it is the message's first ack */
  acknowledged(number: number, msgId: number): boolean {
    const known = this.#msgIds[number]!;
    if (known === 0) {
      this.#msgIds[number] = msgId;
      this.#acked++;
      return true;
    }
    if (known !== msgId)
      this.findings.add('duplicated', `${number} was acknowledged as ${known} and ${msgId}`);
    return false;
  }

  /** @returns whether it is the first time that the member, who is not the sender, gets it */
  received(number: number, member: number): boolean {
    return this.#received.add(number * this.#width + member);
  }

  /** Like `received`, for a user who may not be a member. */
  receivedBy(number: number, userId: number): void {
    const member = this.conversations[this.#conversationOf[number]!]!.members.indexOf(userId);
    if (member < 0) this.findings.add('misrouted', `${number} came to user ${userId}`);
    else this.received(number, member);
  }

  /** How many acks have a lower id than an earlier message of the same sender. */
  get invertedAcks(): number {
    const order = new SendOrder();
    let inverted = 0;
    for (const message of this.messages())
      if (message.msgId && order.take(message, message.msgId)) inverted++;
    return inverted;
  }

  *messages(): Generator<SentMessage> {
    for (let number = 0; number < this.#sent; number++) {
      const lane = this.#conversationOf[number]! * this.#width + this.#senders[number]!;
      yield { number, lane, msgId: this.#msgIds[number] || undefined, isOrdered: true };
    }
  }

  /** Compares all of it with history. Nothing may be in flight. @param stored all that history has of this run */
  compare(stored: StoredMessages): void {
    stored.judge(this.messages());
    for (let number = 0; number < this.#sent; number++) {
      const { key, members } = this.conversations[this.#conversationOf[number]!]!;
      const sender = this.#senders[number]!;
      if (this.#msgIds[number] === 0)
        this.findings.add('unacknowledged', `${number} of user ${members[sender]} to ${key}`);
      const id = stored.idOf(number);
      members.forEach((userId, member) => {
        if (id === undefined || member === sender || this.#received.has(number * this.#width + member))
          return;
        this.findings.add('undelivered', `${number} (${id}) of ${key} did not come to user ${userId}`);
      });
    }
  }

  /** Whether the message was sent into this conversation. */
  isOf(number: number, conversation: Conversation): boolean {
    return this.knows(number) && this.conversations[this.#conversationOf[number]!] === conversation;
  }
}
