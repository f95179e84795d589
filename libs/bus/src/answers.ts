import { type Msg, type NatsConnection, nuid } from '@nats-io/transport-node';
import { inboxOf, kindOf } from './permissions.js';

/** What a request that waits is told. */
export interface Waiting {
  onAnswer(message: Msg): void;
  /** Nothing more will come. */
  onError(error: unknown): void;
}

interface Inbox {
  readonly subject: string;
  readonly waiting: Map<string, Waiting & { readonly asked: string }>;
}

/**
 * The answers to this process's requests: one subscription for each kind of request, so that its inbox can be opened to those
 * alone who answer this kind.
 */
export class Answers {
  readonly #nats: NatsConnection;
  readonly #prefix: string;
  readonly #member: string;
  readonly #inboxes = new Map<string, Inbox>();

  constructor(nats: NatsConnection, prefix: string, member: string) {
    this.#nats = nats;
    this.#prefix = prefix;
    this.#member = member;
  }

  /**
   * Waits for the answers to a request that is about to be published on `subject` (without the prefix), until `end` is called.
   */
  await(subject: string, waiting: Waiting): { reply: string; end: () => void } {
    const inbox = this.#inboxOf(subject);
    const token = nuid.next();
    inbox.waiting.set(token, { ...waiting, asked: subject });
    return { reply: `${inbox.subject}.${token}`, end: () => inbox.waiting.delete(token) };
  }

  /** NATS refused to take requests on this subject (without the prefix). */
  refused(subject: string, error: unknown): void {
    const waiting = this.#inboxes.get(kindOf(subject))?.waiting.values() ?? [];
    for (const each of [...waiting]) if (each.asked === subject) each.onError(error);
  }

  /** The connection is closed. */
  close(error: unknown): void {
    for (const { waiting } of this.#inboxes.values())
      for (const each of [...waiting.values()]) each.onError(error);
  }

  #inboxOf(subject: string): Inbox {
    const kind = kindOf(subject);
    const known = this.#inboxes.get(kind);
    if (known) return known;
    const inbox: Inbox = {
      subject: `${inboxOf(this.#prefix, this.#member, subject)}.${nuid.next()}`,
      waiting: new Map(),
    };
    this.#inboxes.set(kind, inbox);
    this.#nats.subscribe(`${inbox.subject}.*`, {
      callback: (error, message) => {
        if (!error) {
          inbox.waiting.get(message.subject.slice(inbox.subject.length + 1))?.onAnswer(message);
          return;
        }
        // NATS refused the subscription: the next request tries anew.
        this.#inboxes.delete(kind);
        for (const each of [...inbox.waiting.values()]) each.onError(error);
      },
    });
    return inbox;
  }
}
