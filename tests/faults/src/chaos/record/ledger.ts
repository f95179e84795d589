import { BitSet, type Conversation, Findings } from '@teamtalk/load-generator';

/** One message, under a serial number that no other message has. Times: performance.now(). */
export interface Sent {
  readonly serial: number;
  readonly conversation: Conversation;
  readonly from: number;
  readonly sentAt: number;
  ackedAt?: number;
  /** from the ack; 0: the ack has none */
  msgId?: number;
  /** Whether it was sent once, and acknowledged on the same connection. */
  steady?: boolean;
}

/** What can go wrong. Every count should be 0. */
const violations = [
  /** acknowledged, but not in history under that id */
  'lost',
  /** in history twice, acknowledged as two, or delivered twice on one connection */
  'duplicated',
  /** delivered in another order than that of the ids, or stored in another than it was sent in */
  'reordered',
  /** in history, and never with a receiver who was there */
  'undelivered',
  /** with a receiver, but more than 5 s after the ack, the receiver's login and the end of each fault meanwhile */
  'late',
] as const;

export type Violations = Record<(typeof violations)[number], number>;

/** A user's current or last connection. */
export interface Presence {
  /** when its login was answered: performance.now() */
  since: number;
  isOnline: boolean;
  /**
   * After each login the user reads missed messages from history. Others are owed only what comes while they are
   * connected.
   */
  readsHistory: boolean;
}

/**
 * Every message of a round: sent, acknowledged, received by whom and when. Faults of single deliveries are counted as they
 * happen, the rest by `check` (check.ts). The load generator has a ledger of its own: this one also keeps times, to find
 * late messages, and messages without an ack, which may still be stored. Both use the same code to decide what is lost,
 * duplicated or reordered.
 */
export class Ledger {
  readonly conversations = new Map<string, Conversation>();
  /** the kind of client of each user */
  readonly clients = new Map<number, string>();
  /** Serials of all rounds that were in history when their round was checked. */
  readonly storedBefore = new BitSet();
  /** Serials of all rounds that were acknowledged. */
  readonly ackedEver = new BitSet();
  /** of the present round */
  readonly findings: Findings<keyof Violations>;
  /** by conversation: the newest id of rounds that were checked */
  readonly #checked = new Map<string, number>();
  readonly #presence = new Map<number, Presence>();
  #serial = 0;
  #sent = new Map<number, Sent>();
  /** by conversation, then by user: when each id came */
  #received = new Map<string, Map<number, Map<number, number>>>();

  /** @param report told of what is wrong, in words: the first few of each round */
  constructor(report: (text: string) => void = () => {}) {
    this.findings = new Findings(violations, report);
  }

  /** @returns the known conversation of that key, or the given one */
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

  /** @param msgId 0: the ack has none */
  acked(sent: Sent, msgId: number, steady: boolean): void {
    if (sent.msgId !== undefined) {
      if (sent.msgId !== msgId)
        this.findings.add('duplicated', `${sent.serial} acked as ${sent.msgId} and ${msgId}`);
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

  /** When a user got a message first; undefined: not yet. */
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

  /** undefined: they never logged in. */
  presenceOf(userId: number): Presence | undefined {
    return this.#presence.get(userId);
  }

  /**
   * From sending to delivery, milliseconds, of messages between two users that were sent in a period.
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

  /** The newest id of a conversation that was checked in an earlier round. */
  checkedUpTo({ key }: Conversation): number {
    return this.#checked.get(key) ?? 0;
  }

  checked({ key }: Conversation, msgId: number): void {
    this.#checked.set(key, Math.max(this.#checked.get(key) ?? 0, msgId));
  }

  get sent(): ReadonlyMap<number, Sent> {
    return this.#sent;
  }

  /** Ends the round. @returns its violations */
  close(): Violations {
    this.#sent = new Map();
    this.#received = new Map();
    return this.findings.reset();
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
