import { KnownIds } from './known-ids.js';
import type { Message } from './message.js';
import { type Session, sessionKey } from './session.js';

/** State of one conversation. */
export interface Conversation {
  readonly session: Session;
  /** Ids that surfaced, that this client sent, or that precede its first login. */
  readonly known: KnownIds;
  /** Whether the first id after the login is determined; all before it are in `known` then. */
  based: boolean;
  /** The largest id delivered while the conversation was behind. */
  awaited: number;
}

/**
 * Decides which messages surface: each once, in the order of their ids.
 *
 * A msg_server delivers in order and without gaps from the login on, so deliveries can surface at once. A conversation
 * is *behind* while that does not hold: after a broken connection, or when there was no room for a message. Deliveries
 * then only show that there is something to fetch, until history has filled the gap (catch-up.ts). There are as many
 * conversations as the user has had partners since this client was created.
 */
export class Inbox {
  readonly #surface: (message: Message) => boolean;
  readonly #conversations = new Map<number, Conversation>();
  readonly #behind = new Set<Conversation>();
  #interrupted = false;
  #interruptions = 0;

  /** @param surface passes a message to the application; false when there is no room for it */
  constructor(surface: (message: Message) => boolean) {
    this.#surface = surface;
  }

  /** The conversations that are behind. May change during iteration. */
  get behind(): ReadonlySet<Conversation> {
    return this.#behind;
  }

  /** Whether deliveries were interrupted and the affected conversations are not known yet. */
  get isInterrupted(): boolean {
    return this.#interrupted;
  }

  /** Number of `interrupt` calls: a reply requested before the last one does not cover the time since. */
  get interruptions(): number {
    return this.#interruptions;
  }

  /** @param doubtful fetch it from history although it could surface at once */
  receive(message: Message, doubtful: boolean): void {
    const conversation = this.#conversation(message.session);
    if (doubtful) this.#behind.add(conversation);
    else if (!conversation.based && !this.#behind.has(conversation)) {
      // The first delivery: every earlier message precedes this client.
      this.base(conversation, message.msgId - 1);
    }
    if (this.#behind.has(conversation)) conversation.awaited = Math.max(conversation.awaited, message.msgId);
    else this.offer(conversation, message);
  }

  /** A message of this client's own was stored as `msgId`: it will not surface. */
  sent(session: Session, msgId: number): void {
    this.#conversation(session).known.add(msgId);
  }

  /** The connection broke: every conversation may have new messages. */
  interrupt(): void {
    this.#interrupted = true;
    this.#interruptions++;
    for (const conversation of this.#conversations.values()) this.#behind.add(conversation);
  }

  /** Deliveries resume; the known conversations and those of `sessions` may have missed messages. */
  resume(sessions: Iterable<Session>): void {
    for (const session of sessions) this.#behind.add(this.#conversation(session));
    this.#interrupted = false;
  }

  /** Marks all ids up to `msgId` as older than this client. */
  base(conversation: Conversation, msgId: number): void {
    conversation.known.cover(msgId);
    conversation.based = true;
  }

  /**
   * Surfaces a message unless it is known.
   *
   * @returns false when there was no room: the conversation is behind then
   */
  offer(conversation: Conversation, message: Message): boolean {
    if (conversation.known.has(message.msgId)) return true;
    if (!this.#surface(message)) {
      conversation.awaited = Math.max(conversation.awaited, message.msgId);
      this.#behind.add(conversation);
      return false;
    }
    conversation.known.add(message.msgId);
    return true;
  }

  /** History has filled the gaps: deliveries surface at once from now on. */
  caughtUp(conversation: Conversation): void {
    conversation.awaited = 0;
    this.#behind.delete(conversation);
  }

  #conversation(session: Session): Conversation {
    const key = sessionKey(session);
    let conversation = this.#conversations.get(key);
    if (!conversation) {
      conversation = { session, known: new KnownIds(), based: false, awaited: 0 };
      this.#conversations.set(key, conversation);
      if (this.#interrupted) this.#behind.add(conversation);
    }
    return conversation;
  }
}
