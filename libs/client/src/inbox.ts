import { KnownIds } from './known-ids.js';
import type { Message } from './message.js';
import { type Session, sessionKey } from './session.js';

/** What a client knows of one of its conversations. */
export interface Conversation {
  readonly session: Session;
  /** Ids that surfaced, that this client sent itself, or that lie before its time. */
  readonly known: KnownIds;
  /** Whether it is settled which ids lie before this client's time; they are known then. */
  based: boolean;
  /** The largest id delivered while the conversation was behind. */
  awaited: number;
}

/**
 * Decides which messages surface: each once, in the order of their ids.
 *
 * A msg_server delivers in order and without gaps from the login on, so what it delivers can surface at
 * once. A conversation is *behind* while that does not hold: after a broken connection, or when there was
 * no room for a message. Then what is delivered only says that there is something, until history has filled
 * the hole (catch-up.ts). There are as many conversations as the user has partners in this client's life.
 */
export class Inbox {
  readonly #surface: (message: Message) => boolean;
  readonly #conversations = new Map<number, Conversation>();
  readonly #behind = new Set<Conversation>();
  #interrupted = false;
  #interruptions = 0;

  /** @param surface hands a message to the application; false when there is no room for it */
  constructor(surface: (message: Message) => boolean) {
    this.#surface = surface;
  }

  /** The conversations that are behind. May be changed while it is walked through. */
  get behind(): ReadonlySet<Conversation> {
    return this.#behind;
  }

  /** Whether deliveries were interrupted and it is not known yet which conversations that concerns. */
  get isInterrupted(): boolean {
    return this.#interrupted;
  }

  /** How often `interrupt` was called: what was asked before another one says nothing about the time since. */
  get interruptions(): number {
    return this.#interruptions;
  }

  /** @param doubtful take it through history, although it could surface at once. */
  receive(message: Message, doubtful: boolean): void {
    const conversation = this.#conversation(message.session);
    if (doubtful) this.#behind.add(conversation);
    else if (!conversation.based && !this.#behind.has(conversation)) {
      // The first delivery: all before it was there before this client was.
      this.base(conversation, message.msgId - 1);
    }
    if (this.#behind.has(conversation)) conversation.awaited = Math.max(conversation.awaited, message.msgId);
    else this.offer(conversation, message);
  }

  /** A message of this client's own was stored as `msgId`: it will not surface. */
  sent(session: Session, msgId: number): void {
    this.#conversation(session).known.add(msgId);
  }

  /** The connection broke: every conversation may have gone on meanwhile. */
  interrupt(): void {
    this.#interrupted = true;
    this.#interruptions++;
    for (const conversation of this.#conversations.values()) this.#behind.add(conversation);
  }

  /** Deliveries go on; besides the known conversations, those of `sessions` may have had messages meanwhile. */
  resume(sessions: Iterable<Session>): void {
    for (const session of sessions) this.#behind.add(this.#conversation(session));
    this.#interrupted = false;
  }

  /** Settles that this client's time in a conversation begins after `msgId`. */
  base(conversation: Conversation, msgId: number): void {
    conversation.known.cover(msgId);
    conversation.based = true;
  }

  /**
   * Lets a message surface unless it is known.
   *
   * @returns false when there was no room: the conversation is behind then.
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

  /** History has filled the holes: what is delivered from now on surfaces at once. */
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
