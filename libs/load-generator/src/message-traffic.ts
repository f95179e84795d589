import { isGroupMessageType, MsgType } from '@teamtalk/protocol';
import { clock, type LoadConnection, type Traffic } from './connection.js';
import { Latency } from './latency.js';
import { Ledger } from './ledger.js';
import type { Measurement } from './measurement.js';
import { MessageFrame, type ReceiptMode, Receipts } from './message-frames.js';
import { Pacer } from './pacer.js';
import { Id, MessageReader, numberLimit, readAck, readIndex } from './wire.js';

/** A conversation of a run: its members, of whom the first ones send. */
export interface Conversation {
  members: readonly LoadConnection[];
  senders: number;
  /** undefined: the two members' own conversation */
  groupId: number | undefined;
}

export interface MessageTrafficOptions {
  conversations: readonly Conversation[];
  /** messages a second of all together, and how many in all */
  rate: number;
  total: number;
  /** bytes of a text */
  size: number;
  receipts: ReceiptMode;
  measurement: (latencies: Record<string, Latency>) => Measurement;
}

interface Sender {
  connection: LoadConnection;
  conversation: number;
  member: number;
  frame: MessageFrame;
}

const received = new MessageReader();

/** Sends messages at an even pace, answers what comes as a client does, and keeps the ledger. */
export class MessageTraffic implements Partial<Traffic> {
  readonly run = Math.floor(Math.random() * numberLimit);
  readonly ledger: Ledger;
  readonly pacer: Pacer;
  readonly measurement: Measurement;
  ackedInTime = 0;
  deliveredInTime = 0;
  readonly #ack = new Latency();
  readonly #delivery = new Latency();
  readonly #lag = new Latency();
  readonly #senders: Sender[] = [];
  /** by the connection's index; -1: none */
  readonly #senderOf: Int32Array;
  readonly #conversationOf: Int32Array;
  readonly #memberOf: Int32Array;
  readonly #newestOf: Uint32Array;
  readonly #receipts: Receipts;

  constructor(options: MessageTrafficOptions) {
    const { conversations, rate, total, receipts } = options;
    const indexes = conversations.flatMap(({ members }) => members.map(({ index }) => index));
    const count = indexes.reduce((max, index) => Math.max(max, index + 1), 0);
    this.#senderOf = new Int32Array(count).fill(-1);
    this.#conversationOf = new Int32Array(count).fill(-1);
    this.#memberOf = new Int32Array(count);
    this.#newestOf = new Uint32Array(count);
    this.#addMembers(options);
    const receivers = (conversations[0]?.members.length ?? 1) - 1;
    this.ledger = new Ledger(total, this.#senders.length, receivers);
    this.#receipts = new Receipts(receipts);
    this.measurement = options.measurement({ ack: this.#ack, delivery: this.#delivery, sendLag: this.#lag });
    this.pacer = new Pacer({ rate, total, send: (k, dueAt) => this.#send(k, dueAt) });
  }

  frame(
    connection: LoadConnection,
    commandId: number,
    seq: number,
    buf: Buffer,
    start: number,
    end: number,
  ): void {
    if (commandId === Id.Message) this.#delivered(connection, buf, start, end);
    else if (commandId === Id.MessageAck) this.#acked(connection, seq, buf, start, end);
  }

  readDone(connection: LoadConnection): void {
    const receipts = this.#receipts.take();
    if (receipts) {
      connection.write(receipts);
      if (connection.pendingBytes > 0) this.#receipts.leave();
    }
    this.pacer.pump(clock.now);
  }

  #addMembers({ conversations, size }: MessageTrafficOptions): void {
    // Round-robin over the conversations, so that senders of one do not send one right after the other.
    const most = Math.max(...conversations.map(({ senders }) => senders));
    for (let member = 0; member < most; member++) {
      conversations.forEach(({ members, senders, groupId }, conversation) => {
        const connection = members[member];
        if (!connection || member >= senders) return;
        this.#senderOf[connection.index] = this.#senders.length;
        const message = {
          fromUserId: connection.userId,
          toSessionId: groupId ?? members[1 - member]!.userId,
          msgType: groupId === undefined ? MsgType.SINGLE_TEXT : MsgType.GROUP_TEXT,
        };
        const frame = new MessageFrame(message, { size, run: this.run });
        this.#senders.push({ connection, conversation, member, frame });
      });
    }
    conversations.forEach(({ members }, conversation) => {
      members.forEach(({ index }, member) => {
        this.#conversationOf[index] = conversation;
        this.#memberOf[index] = member;
      });
    });
  }

  #send(k: number, dueAt: number): void {
    const { connection, frame } = this.#senders[k % this.#senders.length]!;
    const seqNum = this.ledger.noteSent(k);
    connection.write(frame.next(k, seqNum, connection.pendingBytes > 0));
    if (this.measurement.includes(dueAt)) this.#lag.record(performance.now() - dueAt);
  }

  #acked(connection: LoadConnection, seqNum: number, buf: Buffer, start: number, end: number): void {
    const msgId = readAck(buf, start, end);
    const sender = this.#senderOf[connection.index] ?? -1;
    if (sender < 0) {
      this.ledger.strayAcks++;
      return;
    }
    const k = this.ledger.noteAck(sender, seqNum, msgId);
    if (k < 0) return;
    if (this.measurement.includes(clock.now)) this.ackedInTime++;
    const dueAt = this.pacer.dueAt(k);
    if (this.measurement.includes(dueAt)) this.#ack.record(clock.now - dueAt);
  }

  #delivered(connection: LoadConnection, buf: Buffer, start: number, end: number): void {
    received.read(buf, start, end);
    const { msgId, textStart, textEnd } = received;
    const isGroup = isGroupMessageType(received.msgType);
    const partner = isGroup ? received.toSessionId : received.fromUserId;
    this.#receipts.add(connection.userId, partner, msgId, isGroup ? 2 : 1);
    const { ledger } = this;
    const k = readIndex(buf, textStart, textEnd, this.run);
    if (!ledger.isSent(k)) {
      ledger.foreign++;
      return;
    }
    const sender = this.#senders[k % this.#senders.length]!;
    const { index } = connection;
    if (
      this.#conversationOf[index] !== sender.conversation ||
      connection === sender.connection ||
      received.fromUserId !== sender.connection.userId
    ) {
      ledger.misrouted++;
      return;
    }
    const member = this.#memberOf[index]!;
    if (!ledger.noteDelivery(k, member < sender.member ? member : member - 1)) return;
    if (msgId < this.#newestOf[index]!) ledger.reordered++;
    else this.#newestOf[index] = msgId;
    if (this.measurement.includes(clock.now)) this.deliveredInTime++;
    const dueAt = this.pacer.dueAt(k);
    if (this.measurement.includes(dueAt)) this.#delivery.record(clock.now - dueAt);
  }
}
