import type { IM } from '@teamtalk/protocol';
import type { Session } from '../session.js';

/** An unacknowledged message. */
export interface StoredMessage {
  /** Its idempotency key, in hex. */
  readonly key: string;
  readonly session: Session;
  readonly type: IM.BaseDefine.MsgType;
  /** The content as sent on the wire: encrypted text, or audio. */
  readonly data: Uint8Array;
}

/** Where a `DurableOutbox` keeps its messages. Node has `FileStorage`; others may use any database. */
export interface OutboxStorage {
  /** Loads the messages put and not removed, in the order in which they were put. Called once, before anything else. */
  load(): Promise<StoredMessage[]>;
  /** Resolves when the message is stored durably. */
  put(message: StoredMessage): Promise<void>;
  /** Losing a removal does no harm: the message is sent again under its key, so it is not stored again. */
  remove(key: string): Promise<void>;
}

/** Keeps messages in memory: for tests, and where it does not matter that they are lost with the process. */
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
