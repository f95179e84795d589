import type { Session } from '@teamtalk/client';
import { SerialSet } from './serial-set.js';

/** Two users, or a group, that write to each other under load. */
export class Conversation {
  readonly key: string;
  /** the store's key, int8 as text */
  readonly conv: string;
  readonly members: readonly number[];
  readonly #groupId: number | undefined;
  /** The newest id of rounds that have been checked. */
  base = 0;

  static pair(one: number, other: number): Conversation {
    const [low, high] = one < other ? [one, other] : [other, one];
    return new Conversation(`${low}:${high}`, (BigInt(low) << 32n) | BigInt(high), [low, high], undefined);
  }

  static group(id: number, members: readonly number[]): Conversation {
    return new Conversation(`group ${id}`, BigInt(id), members, id);
  }

  private constructor(key: string, conv: bigint, members: readonly number[], groupId: number | undefined) {
    this.key = key;
    this.conv = String(conv);
    this.members = members;
    this.#groupId = groupId;
  }

  /** How a member names it. */
  sessionOf(member: number): Session {
    if (this.#groupId !== undefined) return { group: this.#groupId };
    return { user: this.members.find((id) => id !== member)! };
  }
}

/** One message of a sender, under a number that no other message has. Times: performance.now(). */
export interface Sent {
  readonly serial: number;
  readonly conversation: Conversation;
  readonly from: number;
  readonly sentAt: number;
  ackedAt?: number;
  /** as the ack says; 0 where an ack has none */
  msgId?: number;
  /** Whether it was acknowledged on the connection on which it was sent, the first time it was sent. */
  steady?: boolean;
}

const maxComplaints = 20;

/** What went wrong, counted where it is seen. */
export interface Violations {
  duplicated: number;
  reordered: number;
}

/** A user's connection, or the way from one to the next. */
export interface Presence {
  /** when its login was answered: performance.now() */
  since: number;
  isOnline: boolean;
  /** After each login the user reads what was missed; otherwise only what comes while they are connected counts. */
  readsHistory: boolean;
}

/**
 * Every message of a round: sent, acknowledged, received by whom and when. What is wrong with single
 * deliveries is counted as it happens, the rest by `check` (check.ts).
 */
export class Ledger {
  readonly conversations = new Map<string, Conversation>();
  /** Serials of all rounds that were in history when their round was checked. */
  readonly storedBefore = new SerialSet();
  /** Serials of all rounds that were acknowledged. */
  readonly ackedEver = new SerialSet();
  /** Told of what is wrong, in words: the first few of each round. */
  onViolation: (text: string) => void = () => {};
  readonly #presence = new Map<number, Presence>();
  #serial = 0;
  #complaints = 0;
  #sent = new Map<number, Sent>();
  /** by conversation, then by user: when each id came */
  #received = new Map<string, Map<number, Map<number, number>>>();
  #violations: Violations = { duplicated: 0, reordered: 0 };

  /** @returns the one of that key that is there already, or the given one */
  add(conversation: Conversation): Conversation {
    const known = this.conversations.get(conversation.key);
    if (!known) this.conversations.set(conversation.key, conversation);
    return known ?? conversation;
  }

  begin(conversation: Conversation, from: number): Sent {
    const sent: Sent = { serial: ++this.#serial, conversation, from, sentAt: performance.now() };
    this.#sent.set(sent.serial, sent);
    return sent;
  }

  /** @param msgId 0: the ack does not tell */
  acked(sent: Sent, msgId: number, steady: boolean): void {
    if (sent.msgId !== undefined) {
      if (sent.msgId !== msgId)
        this.violated('duplicated', `${sent.serial} acked as ${sent.msgId} and ${msgId}`);
      return;
    }
    sent.msgId = msgId;
    sent.ackedAt = performance.now();
    sent.steady = steady;
    this.ackedEver.add(sent.serial);
  }

  received(userId: number, { key }: Conversation, msgId: number): void {
    const users = entry(this.#received, key, () => new Map<number, Map<number, number>>());
    const ids = entry(users, userId, () => new Map<number, number>());
    if (!ids.has(msgId)) ids.set(msgId, performance.now());
  }

  /** When a user got a message; undefined: not yet. */
  receivedAt(userId: number, { key }: Conversation, msgId: number): number | undefined {
    return this.#received.get(key)?.get(userId)?.get(msgId);
  }

  cameOnline(userId: number, { at = performance.now(), readsHistory = true } = {}): void {
    this.#presence.set(userId, { since: at, isOnline: true, readsHistory });
  }

  wentOffline(userId: number): void {
    const presence = this.#presence.get(userId);
    if (presence) presence.isOnline = false;
  }

  /** undefined: they never were online. */
  presenceOf(userId: number): Presence | undefined {
    return this.#presence.get(userId);
  }

  /**
   * From sending to delivery, milliseconds: of the messages of pairs that were sent in a time.
   * @param from performance.now(), as `to`
   */
  latencies(from: number, to: number): number[] {
    return [...this.#sent.values()].flatMap(({ sentAt, msgId, conversation, from: sender }) => {
      if (sentAt < from || sentAt > to || !msgId || conversation.members.length !== 2) return [];
      const receiver = conversation.members.find((id) => id !== sender)!;
      const at = this.receivedAt(receiver, conversation, msgId);
      return at === undefined ? [] : [at - sentAt];
    });
  }

  violated(what: keyof Violations, text: string): void {
    this.#violations[what]++;
    this.complain(`${what}: ${text}`);
  }

  complain(text: string): void {
    if (++this.#complaints <= maxComplaints) this.onViolation(text);
  }

  get sent(): ReadonlyMap<number, Sent> {
    return this.#sent;
  }

  /** Ends the round. @returns what was seen to go wrong in it */
  close(): Violations {
    const violations = this.#violations;
    this.#sent = new Map();
    this.#received = new Map();
    this.#complaints = 0;
    this.#violations = { duplicated: 0, reordered: 0 };
    return violations;
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
