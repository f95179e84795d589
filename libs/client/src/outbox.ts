import { randomBytes } from 'node:crypto';
import { Commands, decodeBody, type IM } from '@teamtalk/protocol';
import type { Connection } from './connection.js';
import { ClientError, DeadlineExceeded } from './errors.js';
import { fieldsOf, type Session, sessionKey } from './session.js';

/** The server's acknowledgement: the message is stored. */
export interface SentMessage {
  readonly msgId: number;
  /** The ack's `attach_data`. */
  readonly key: Uint8Array | undefined;
}

interface Outgoing {
  readonly session: Session;
  readonly message: IM.Message.IMMsgData.$Properties;
  /** The connection on which its ack is pending; undefined between two connections. */
  connection: Connection | undefined;
  seqNum: number;
  settle(result: SentMessage | Error): void;
}

/**
 * Messages without an ack, in the order they were sent. Those that a broken connection left are retried on the next one
 * with the same key, so that each is stored once.
 */
export class Outbox {
  readonly #limit: number;
  readonly #outgoing = new Set<Outgoing>();
  /** Number of pending messages, by session. */
  readonly #waiting = new Map<number, number>();
  readonly #idle = new Map<number, Array<() => void>>();
  /** Prefix of generated keys: random, drawn once per client. */
  readonly #keyPrefix = randomBytes(12);
  #keys = 0;

  /** @param limit maximum number of messages without an ack */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A key that no other message of this user has. */
  newKey(): Buffer {
    const key = Buffer.alloc(16);
    this.#keyPrefix.copy(key);
    key.writeUInt32BE(++this.#keys >>> 0, 12);
    return key;
  }

  /** Whether messages to this session lack their acks. */
  isWaiting(session: Session): boolean {
    return this.#waiting.has(sessionKey(session));
  }

  /** Resolves when nothing is pending in this session, at the latest at the last deadline. */
  async settled(session: Session): Promise<void> {
    const key = sessionKey(session);
    if (!this.#waiting.has(key)) return;
    await new Promise<void>((resolve) => {
      const waiting = this.#idle.get(key);
      if (waiting) waiting.push(resolve);
      else this.#idle.set(key, [resolve]);
    });
  }

  /**
   * Sends a message and waits for its ack.
   *
   * @param connection undefined: the message is sent by the next `resend`
   * @throws DeadlineExceeded with the message's key; ClientError `too-many-in-flight`
   */
  send(
    connection: Connection | undefined,
    session: Session,
    message: IM.Message.IMMsgData.$Properties,
    deadlineMs: number,
  ): Promise<SentMessage> {
    return new Promise((resolve, reject) => {
      if (this.#outgoing.size >= this.#limit) {
        reject(new ClientError('too-many-in-flight', `${this.#limit} messages are in flight already`));
        return;
      }
      const outgoing: Outgoing = {
        session,
        message,
        connection: undefined,
        seqNum: 0,
        settle: (result) => {
          clearTimeout(timer);
          this.#remove(outgoing);
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      const timer = setTimeout(() => {
        outgoing.connection?.abandon(outgoing.seqNum);
        const { sessionId } = fieldsOf(session);
        outgoing.settle(
          new DeadlineExceeded(`message to ${sessionId}`, deadlineMs, message.attachData ?? undefined),
        );
      }, deadlineMs);
      this.#add(outgoing);
      if (connection) this.#transmit(connection, outgoing);
    });
  }

  /** Sends the pending messages in order over a new connection. */
  resend(connection: Connection): void {
    for (const outgoing of this.#outgoing) this.#transmit(connection, outgoing);
  }

  /** Rejects all pending messages. */
  fail(error: ClientError): void {
    for (const outgoing of [...this.#outgoing]) {
      outgoing.connection?.abandon(outgoing.seqNum);
      outgoing.settle(error);
    }
  }

  #transmit(connection: Connection, outgoing: Outgoing): void {
    try {
      outgoing.seqNum = connection.begin(Commands.MsgData, outgoing.message, {
        answerId: Commands.MsgDataAck.id,
        onAnswer: (body) => {
          try {
            const { msgId } = decodeBody(Commands.MsgDataAck, body);
            outgoing.settle({ msgId, key: outgoing.message.attachData ?? undefined });
          } catch (error) {
            outgoing.settle(error as Error);
          }
        },
        onLost: () => {
          outgoing.connection = undefined;
        },
      });
      outgoing.connection = connection;
    } catch (error) {
      // If the connection has just ended, the next one sends the message.
      if (connection.isOpen) outgoing.settle(error as Error);
    }
  }

  #add(outgoing: Outgoing): void {
    this.#outgoing.add(outgoing);
    const key = sessionKey(outgoing.session);
    this.#waiting.set(key, (this.#waiting.get(key) ?? 0) + 1);
  }

  #remove(outgoing: Outgoing): void {
    if (!this.#outgoing.delete(outgoing)) return;
    const key = sessionKey(outgoing.session);
    const left = this.#waiting.get(key)! - 1;
    if (left > 0) {
      this.#waiting.set(key, left);
      return;
    }
    this.#waiting.delete(key);
    const idle = this.#idle.get(key) ?? [];
    this.#idle.delete(key);
    for (const resolve of idle) resolve();
  }
}
