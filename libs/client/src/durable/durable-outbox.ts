import { MsgType } from '@teamtalk/protocol';
import { backOffDelay } from '../back-off.js';
import type { TeamTalkClient } from '../client.js';
import { ClientError } from '../errors.js';
import type { SendOptions } from '../options.js';
import { EventEmitter } from '../platform/emitter.js';
import { type Session, sessionKey } from '../session.js';
import type { OutboxStorage, StoredMessage } from './storage.js';

/** The events of an outbox. */
export interface OutboxEvents {
  /** A message was acknowledged, hence stored by the server. */
  sent: [{ key: string; session: Session; msgId: number }];
  /** A message can never be sent, because there is no such receiver. It has been removed from the outbox. */
  refused: [{ key: string; session: Session; error: ClientError }];
  /** The storage failed to remove a sent message. */
  storageFailed: [unknown];
}

/** Pauses between attempts when the client has no connection or gets no response, milliseconds. */
const pause = { firstMs: 100, maxMs: 5_000 };
const keyBytes = 16;
const defaultLimit = 10_000;

/**
 * Sends messages across broken connections and restarts of the program: each is stored before it is sent, and retried
 * under its key until it is acknowledged. Nothing is lost, nothing is stored twice, and the order within a conversation
 * is kept.
 *
 *     const outbox = await DurableOutbox.open(client, new FileStorage('outbox.jsonl'));
 *     await outbox.send({ user: 2 }, 'hello');
 *
 * A storage belongs to one user. The client needs `reconnect`, because otherwise an outbox ends with the connection.
 */
export class DurableOutbox extends EventEmitter<OutboxEvents> {
  readonly #client: TeamTalkClient;
  readonly #storage: OutboxStorage;
  readonly #limit: number;
  /** Waiting messages by conversation. Each conversation sends one at a time, to keep the order. */
  readonly #queues = new Map<number, StoredMessage[]>();
  /** Ends pauses when the outbox is stopped. */
  readonly #pauses = new Set<() => void>();
  #size = 0;
  #isStopped = false;

  /**
   * Opens an outbox with the messages in the storage; `client` may log in before or after.
   *
   * @param maxMessages maximum number of waiting messages; default 10,000
   * @throws what the storage throws
   */
  static async open(
    client: TeamTalkClient,
    storage: OutboxStorage,
    { maxMessages = defaultLimit }: { maxMessages?: number } = {},
  ): Promise<DurableOutbox> {
    const outbox = new DurableOutbox(client, storage, maxMessages);
    for (const message of await storage.load()) outbox.#add(message);
    return outbox;
  }

  private constructor(client: TeamTalkClient, storage: OutboxStorage, limit: number) {
    super();
    this.#client = client;
    this.#storage = storage;
    this.#limit = limit;
  }

  /** Number of unacknowledged messages. */
  get size(): number {
    return this.#size;
  }

  /**
   * Resolves when the message is in the storage; it is sent as soon as possible.
   *
   * @param content as with `TeamTalkClient.send`
   * @returns its key, which events refer to
   * @throws ClientError `too-many-in-flight`, `closed` after `stop`; what the storage throws
   */
  async send(
    session: Session,
    content: string | Uint8Array,
    { type, key = crypto.getRandomValues(new Uint8Array(keyBytes)) }: Omit<SendOptions, 'deadlineMs'> = {},
  ): Promise<string> {
    if (this.#isStopped) throw new ClientError('closed', 'the outbox is stopped');
    if (this.#size >= this.#limit) {
      throw new ClientError('too-many-in-flight', `${this.#limit} messages are in the outbox already`);
    }
    const message = {
      key: hexOf(typeof key === 'string' ? new TextEncoder().encode(key) : key),
      session,
      type: type ?? ('group' in session ? MsgType.GROUP_TEXT : MsgType.SINGLE_TEXT),
      data: typeof content === 'string' ? this.#client.encryptText(content) : content,
    };
    // Counted now, so that the limit includes messages that are still being stored.
    this.#size++;
    try {
      await this.#storage.put(message);
    } finally {
      this.#size--;
    }
    this.#add(message);
    return message.key;
  }

  /** Stops sending; unacknowledged messages stay in the storage. */
  stop(): void {
    this.#isStopped = true;
    for (const wake of this.#pauses) wake();
  }

  #add(message: StoredMessage): void {
    this.#size++;
    const key = sessionKey(message.session);
    const queue = this.#queues.get(key);
    if (queue) {
      queue.push(message);
      return;
    }
    const fresh = [message];
    this.#queues.set(key, fresh);
    void this.#drain(key, fresh);
  }

  /** Never throws. */
  async #drain(key: number, queue: StoredMessage[]): Promise<void> {
    for (let attempt = 0; queue.length > 0; ) {
      if (this.#isStopped || this.#client.isEnded) return;
      const message = queue[0]!;
      if (await this.#attempt(message)) {
        queue.shift();
        this.#size--;
        attempt = 0;
      } else {
        await this.#pause(backOffDelay(pause, attempt++));
      }
    }
    this.#queues.delete(key);
  }

  /** @returns whether the message is finished */
  async #attempt({ key, session, type, data }: StoredMessage): Promise<boolean> {
    let outcome: () => void;
    try {
      const { msgId } = await this.#client.send(session, data, { type, key: bytesOf(key) });
      outcome = () => this.emit('sent', { key, session, msgId });
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'unknown-receiver') return false;
      outcome = () => this.emit('refused', { key, session, error });
    }
    await this.#remove(key);
    // A listener that throws must not stop the queue.
    queueMicrotask(outcome);
    return true;
  }

  async #remove(key: string): Promise<void> {
    try {
      await this.#storage.remove(key);
    } catch (error) {
      this.emit('storageFailed', error);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#pauses.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#pauses.add(wake);
    });
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}
