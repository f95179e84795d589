import { randomBytes } from 'node:crypto';
import { Commands, decodeBody, type IM } from '@teamtalk/protocol';
import type { Connection } from './connection.js';
import { ClientError, DeadlineExceeded } from './errors.js';
import { fieldsOf, type Session, sessionKey } from './session.js';

/** The server's acknowledgement: the message is stored. */
export interface SentMessage {
  readonly msgId: number;
  /** What went along as `attach_data`. */
  readonly key: Uint8Array | undefined;
}

interface Outgoing {
  readonly session: Session;
  readonly message: IM.Message.IMMsgData.$Properties;
  /** Where it waits for its ack; undefined between two connections. */
  connection: Connection | undefined;
  seqNum: number;
  settle(result: SentMessage | Error): void;
}

/**
 * Messages that wait for their ack, in the order they were given. What a broken connection left without one
 * is sent again on the next, under the same key, so that it is stored once.
 */
export class Outbox {
  readonly #limit: number;
  readonly #outgoing = new Set<Outgoing>();
  /** How many wait, by session. */
  readonly #waiting = new Map<number, number>();
  readonly #idle = new Map<number, Array<() => void>>();
  /** What keys of our own making begin with: drawn once for each client. */
  readonly #keyPrefix = randomBytes(12);
  #keys = 0;

  /** @param limit messages that may wait for their acks */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A key no other message of this user has. */
  newKey(): Buffer {
    const key = Buffer.alloc(16);
    this.#keyPrefix.copy(key);
    key.writeUInt32BE(++this.#keys >>> 0, 12);
    return key;
  }

  /** Whether messages to this session wait for their acks. */
  isWaiting(session: Session): boolean {
    return this.#waiting.has(sessionKey(session));
  }

  /** Resolves when nothing waits in this session, at the latest when the last deadline is over. */
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
   * @param connection undefined: it goes out with the next `resend`
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
        reject(new ClientError('too-many-in-flight', `${this.#limit} messages wait for their acks already`));
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

  /** Sends what waits, in order, over a new connection. */
  resend(connection: Connection): void {
    for (const outgoing of this.#outgoing) this.#transmit(connection, outgoing);
  }

  /** Gives up everything that waits. */
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
      // A connection that has just ended leaves the message to the next one.
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
