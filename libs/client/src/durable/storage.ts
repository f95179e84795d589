import type { IM } from '@teamtalk/protocol';
import type { Session } from '../session.js';

/** A message that waits to be acknowledged. */
export interface StoredMessage {
  /** Its idempotency key, in hex. */
  readonly key: string;
  readonly session: Session;
  readonly type: IM.BaseDefine.MsgType;
  /** As it goes on the wire: encrypted text, or audio. */
  readonly data: Uint8Array;
}

/** Where a `DurableOutbox` keeps its messages. `FileStorage` is one for Node; others may use any database. */
export interface OutboxStorage {
  /** What was put and not removed, in the order in which it was put. Called once, before all else. */
  load(): Promise<StoredMessage[]>;
  /** Resolves when the message outlives this process. */
  put(message: StoredMessage): Promise<void>;
  /** A removal that is lost does no harm: the message is sent once more under its key, which stores nothing. */
  remove(key: string): Promise<void>;
}

/** Keeps messages as long as the process lives: for tests, and where losing them with it does not matter. */
export class MemoryStorage implements OutboxStorage {
  readonly #messages = new Map<string, StoredMessage>();

  async load(): Promise<StoredMessage[]> {
    return [...this.#messages.values()];
  }

  async put(message: StoredMessage): Promise<void> {
    this.#messages.set(message.key, message);
  }

  async remove(key: string): Promise<void> {
    this.#messages.delete(key);
  }
}
