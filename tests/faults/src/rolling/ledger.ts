import { numberLimit } from '@teamtalk/load-generator';

/** Two clients, or a group of them, that write to each other. */
export interface Conversation {
  readonly index: number;
  /** the clients' indexes */
  readonly members: readonly number[];
  /** undefined: the two members' own conversation */
  readonly groupId: number | undefined;
  /** the store's key, int8 as text */
  readonly conv: string;
}

/** What went wrong. Every count should be 0. */
export interface Violations {
  /** acknowledged, but not in history under that id */
  lost: number;
  /** in history twice, or given twice on one connection */
  duplicated: number;
  /** given or stored in another order than it was numbered or sent */
  reordered: number;
  /** in history, but not with a receiver */
  undelivered: number;
  /** never acknowledged, whatever its client did */
  failed: number;
}

/** One row of history. */
export interface StoredMessage {
  id: number;
  /** the message's number, -1 when it is none of this run */
  number: number;
}

const maxComplaints = 20;
const maxMembers = 16;

/**
 * Every message of a run by its number: who sent it where, the id it was acknowledged with, and a bit for each
 * receiver that has it.
 */
export class RollingLedger {
  /** tells messages of this run from others */
  readonly run = Math.floor(Math.random() * numberLimit);
  readonly conversations: readonly Conversation[];
  readonly violations: Violations = { lost: 0, duplicated: 0, reordered: 0, undelivered: 0, failed: 0 };
  readonly #complain: (text: string) => void;
  readonly #msgIds: Uint32Array;
  readonly #received: Uint16Array;
  readonly #senders: Uint16Array;
  readonly #conversationOf: Uint16Array;
  #sent = 0;
  #acked = 0;
  #deliveries = 0;
  #inFlight = 0;
  #complaints = 0;

  /** @param most messages at most */
  constructor(conversations: readonly Conversation[], most: number, complain: (text: string) => void) {
    if (conversations.some(({ members }) => members.length > maxMembers))
      throw new RangeError('too many members');
    this.conversations = conversations;
    this.#complain = complain;
    this.#msgIds = new Uint32Array(most);
    this.#received = new Uint16Array(most);
    this.#senders = new Uint16Array(most);
    this.#conversationOf = new Uint16Array(most);
  }

  get sent(): number {
    return this.#sent;
  }

  get acked(): number {
    return this.#acked;
  }

  get deliveries(): number {
    return this.#deliveries;
  }

  /** Deliveries to others than the sender that are still to come, of messages that may not be stored too. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get full(): boolean {
    return this.#sent >= this.#msgIds.length;
  }

  /** @returns the number of a new message */
  begin(sender: number, { index, members }: Conversation): number {
    const number = this.#sent++;
    this.#inFlight += members.length - 1;
    this.#senders[number] = sender;
    this.#conversationOf[number] = index;
    return number;
  }

  knows(number: number): boolean {
    return number >= 0 && number < this.#sent;
  }

  acknowledged(number: number, msgId: number): void {
    const known = this.#msgIds[number];
    if (known === 0) {
      this.#msgIds[number] = msgId;
      this.#acked++;
    } else if (known !== msgId) {
      this.violated('duplicated', `${number} was acknowledged as ${known} and ${msgId}`);
    }
  }

  received(number: number, client: number): void {
    if (!this.knows(number)) return;
    const slot = this.conversations[this.#conversationOf[number]!]!.members.indexOf(client);
    if (slot < 0) {
      this.violated('undelivered', `${number} came to client ${client}, who is not in its conversation`);
      return;
    }
    const mask = 1 << slot;
    if ((this.#received[number]! & mask) !== 0) return;
    this.#received[number]! |= mask;
    this.#deliveries++;
    if (client !== this.#senders[number]) this.#inFlight--;
  }

  violated(what: keyof Violations, text: string): void {
    this.violations[what]++;
    if (++this.#complaints <= maxComplaints) this.#complain(`${what}: ${text}`);
  }

  /** Compares all of it with history. Nothing may be in flight. @param history in the order of ids */
  async compare(history: (conversation: Conversation) => Promise<readonly StoredMessage[]>): Promise<void> {
    const stored = new Uint8Array(this.#sent);
    for (const conversation of this.conversations)
      this.#compareOne(conversation, await history(conversation), stored);
    for (let number = 0; number < this.#sent; number++) {
      if (this.#msgIds[number] === 0)
        this.violated('failed', `${number} of client ${this.#senders[number]} has no ack`);
      else if (stored[number] === 0)
        this.violated('lost', `${number} is not in history as ${this.#msgIds[number]}`);
    }
  }

  #compareOne({ index, members }: Conversation, history: readonly StoredMessage[], stored: Uint8Array): void {
    const newest = new Map<number, number>();
    for (const { id, number } of history) {
      if (!this.knows(number) || this.#conversationOf[number] !== index) continue;
      const sender = this.#senders[number]!;
      const acked = this.#msgIds[number]!;
      if (stored[number] === 1) this.violated('duplicated', `${number} is in history again as ${id}`);
      else if (acked !== 0 && acked !== id)
        this.violated('lost', `${number} is in history as ${id}, not ${acked}`);
      stored[number] = 1;
      const before = newest.get(sender) ?? -1;
      if (number < before) this.violated('reordered', `${number} of client ${sender} is behind ${before}`);
      else newest.set(sender, number);
      members.forEach((client, slot) => {
        if (client === sender || (this.#received[number]! & (1 << slot)) !== 0) return;
        this.violated(
          'undelivered',
          `${number} (${id}) of client ${sender} did not come to client ${client}`,
        );
      });
    }
  }
}
