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
  readonly #isKnown: (session: Session, deadlineMs: number) => Promise<boolean>;
  readonly #outgoing = new Set<Outgoing>();
  /** Number of pending messages, by session. */
  readonly #waiting = new Map<number, number>();
  readonly #idle = new Map<number, Array<() => void>>();
  /** Prefix of generated keys: random, drawn once per client. */
  readonly #keyPrefix = crypto.getRandomValues(new Uint8Array(12));
  #keys = 0;

  /**
   * @param limit maximum number of messages without an ack
   * @param isKnown asks the server whether a receiver exists
   */
  constructor(limit: number, isKnown: (session: Session, deadlineMs: number) => Promise<boolean>) {
    this.#limit = limit;
    this.#isKnown = isKnown;
  }

  /** A key that no other message of this user has. */
  newKey(): Uint8Array {
    const key = new Uint8Array(16);
    key.set(this.#keyPrefix);
    new DataView(key.buffer).setUint32(12, ++this.#keys);
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
   * @throws DeadlineExceeded with the message's key; ClientError `unknown-receiver`, `too-many-in-flight`
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
          clearTimeout(halfway);
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
      const halfway = setTimeout(() => void this.#doubt(outgoing, deadlineMs / 2), deadlineMs / 2);
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

  /** Checks whether an ack is missing because the receiver does not exist. Never throws. */
  async #doubt(outgoing: Outgoing, deadlineMs: number): Promise<void> {
    const { connection, session } = outgoing;
    if (!connection) return;
    const isKnown = await this.#isKnown(session, deadlineMs).catch(() => true);
    if (isKnown || !this.#outgoing.has(outgoing)) return;
    outgoing.connection?.abandon(outgoing.seqNum);
    const receiver = 'group' in session ? `group ${session.group}` : `user ${session.user}`;
    outgoing.settle(new ClientError('unknown-receiver', `there is no ${receiver} for this user`));
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
