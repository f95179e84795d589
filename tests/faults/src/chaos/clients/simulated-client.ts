import type { Session } from '@teamtalk/client';
import { Conversation } from '@teamtalk/load-generator';
import {
  Commands,
  createTextCodec,
  DEFAULT_TEXT_KEY,
  decodeBody,
  isGroupMessageType,
  MsgType,
  type Pdu,
  type PropertiesOf,
} from '@teamtalk/protocol';
import { textOf } from '../record/check.js';
import type { Ledger, Sent } from '../record/ledger.js';

export { textOf };

const codec = createTextCodec(DEFAULT_TEXT_KEY);

export interface SimulatedClientOptions {
  ledger: Ledger;
  name: string;
  userId: number;
  password: string;
  /** where the load balancer in front of the msg_servers listens */
  port: number;
  conversations: readonly Conversation[];
  /** between a message's ack and the next message, milliseconds */
  paceMs: number;
  /** before the first attempt to reconnect, milliseconds */
  reconnectMs?: number;
}

/**
 * A request during a fault may never be answered: it is repeated so soon that missed messages are there within 5 s,
 * milliseconds.
 */
export const askAgainMs = 3_000;

/** A client that keeps sending messages, one after the other or a few at a time, whatever happens. */
export abstract class SimulatedClient {
  protected readonly ledger: Ledger;
  #running = false;
  #work: Promise<unknown> = Promise.resolve();
  #markedAt = Number.POSITIVE_INFINITY;
  /** acks since the beginning */
  acks = 0;
  /** broken connections since the beginning */
  breaks = 0;
  /** When a message sent after the mark was first acknowledged; undefined: not yet. */
  recoveredAt: number | undefined;

  /** @param kind of client, for reports */
  protected constructor(ledger: Ledger, userId: number, kind: string) {
    this.ledger = ledger;
    ledger.clients.set(userId, kind);
  }

  abstract readonly name: string;

  /** Sends one message and waits until it is acknowledged or given up. */
  protected abstract sendOne(): Promise<void>;

  /** Ends its connections. */
  abstract close(): Promise<void>;

  get running(): boolean {
    return this.#running;
  }

  /** @param atOnce messages that wait for their acks at a time */
  protected run(atOnce: number, paceMs: number): void {
    this.#running = true;
    const loop = async () => {
      while (this.#running) {
        await this.sendOne();
        await new Promise((resolve) => setTimeout(resolve, paceMs * (0.5 + Math.random())));
      }
    };
    this.#work = Promise.all(Array.from({ length: atOnce }, loop));
  }

  abstract start(): void;

  /** Resolves when what is in flight is acknowledged or given up. */
  async pause(): Promise<void> {
    this.#running = false;
    await this.#work;
  }

  /** `recoveredAt` counts messages sent from now on. */
  mark(): void {
    this.#markedAt = performance.now();
    this.recoveredAt = undefined;
  }

  protected acked(sent: Sent, msgId: number, steady: boolean): void {
    this.ledger.acked(sent, msgId, steady);
    this.acks++;
    if (sent.sentAt >= this.#markedAt) this.recoveredAt ??= performance.now();
  }
}

/** A conversation as the SDK names it for one of its members. */
export function sessionOf(conversation: Conversation, member: number): Session {
  const id = conversation.sessionIdOf(member);
  return conversation.groupId === undefined ? { user: id } : { group: id };
}

/** The 0x0301 of a message, as a client sends it. */
export function messageOf(sent: Sent): PropertiesOf<typeof Commands.MsgData> {
  const { conversation, from } = sent;
  return {
    fromUserId: from,
    toSessionId: conversation.sessionIdOf(from),
    msgId: 0,
    createTime: 0,
    msgType: conversation.groupId === undefined ? MsgType.SINGLE_TEXT : MsgType.GROUP_TEXT,
    msgData: codec.encrypt(textOf(sent)),
  };
}

/** The message in a 0x0301 that a server pushes; undefined for other PDUs and conversations not of the ledger. */
export function pushedMessage(
  ledger: Ledger,
  { commandId, body }: Pick<Pdu, 'commandId' | 'body'>,
): { conversation: Conversation; msgId: number } | undefined {
  if (commandId !== Commands.MsgData.id) return undefined;
  const { fromUserId, toSessionId, msgId, msgType } = decodeBody(Commands.MsgData, Buffer.from(body));
  const { key } = isGroupMessageType(msgType)
    ? Conversation.group(toSessionId, [])
    : Conversation.pair(fromUserId, toSessionId);
  const conversation = ledger.conversations.get(key);
  return conversation && { conversation, msgId };
}
