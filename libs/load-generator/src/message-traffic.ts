import { deliveryFault, isGroupMessageType, MsgType } from '@teamtalk/protocol';
import { clock, type LoadConnection, type Traffic } from './connection.js';
import { Latency } from './latency.js';
import type { Conversation } from './ledger/conversation.js';
import { Ledger } from './ledger/ledger.js';
import type { Measurement } from './measurement.js';
import { MessageFrame, type ReceiptMode, Receipts } from './message-frames.js';
import { Pacer } from './pacer.js';
import { Id, MessageReader, readAck, readIndex } from './wire.js';

/** The connections of a conversation's members, of which the first ones send. */
export interface Participants {
  conversation: Conversation;
  connections: readonly LoadConnection[];
  senders: number;
}

/** What became of the messages of a run. Every count but the first three should be 0. */
export interface MessageCounts {
  sent: number;
  acked: number;
  delivered: number;
  /** acks and deliveries that are missing */
  unacked: number;
  undelivered: number;
  /** the same message a second time to one receiver, or acknowledged under two ids */
  duplicated: number;
  /** below a msg_id that was delivered to that receiver before */
  reordered: number;
  /** acks with a lower msg_id than that of an earlier message of the same sender */
  inverted: number;
  /** acks that belong to nothing, or to a message that has one */
  strayAcks: number;
  /** to somebody who should not have it */
  misrouted: number;
  /** of another run, or none of ours */
  foreign: number;
}

export interface MessageTrafficOptions {
  participants: readonly Participants[];
  /** messages a second of all senders, and how many in all */
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
  sent: number;
}

/** Sequence numbers go from 1 to this one and round again: 0 is what a server sends unasked. */
const seqNumbers = 65_535;

const received = new MessageReader();

/** Sends messages at an even pace, acknowledges deliveries as a client does, and keeps the ledger. */
export class MessageTraffic implements Partial<Traffic> {
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
  #strayAcks = 0;
  #foreign = 0;

  constructor(options: MessageTrafficOptions) {
    const { participants, rate, total, receipts } = options;
    const indexes = participants.flatMap(({ connections }) => connections.map(({ index }) => index));
    const count = indexes.reduce((max, index) => Math.max(max, index + 1), 0);
    this.#senderOf = new Int32Array(count).fill(-1);
    this.#conversationOf = new Int32Array(count).fill(-1);
    this.#memberOf = new Int32Array(count);
    this.#newestOf = new Uint32Array(count);
    const conversations = participants.map(({ conversation }) => conversation);
    this.ledger = new Ledger(conversations, total);
    this.#addMembers(options);
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

  counts(): MessageCounts {
    const { ledger } = this;
    const { duplicated, reordered, misrouted } = ledger.findings.counts;
    return {
      sent: ledger.sent,
      acked: ledger.acked,
      delivered: ledger.delivered,
      unacked: ledger.sent - ledger.acked,
      undelivered: ledger.inFlight,
      duplicated,
      reordered,
      inverted: ledger.invertedAcks,
      strayAcks: this.#strayAcks,
      misrouted,
      foreign: this.#foreign,
    };
  }

  #addMembers({ participants, size }: MessageTrafficOptions): void {
    // Round-robin over the conversations, so that senders of one do not send one right after the other.
    const most = Math.max(...participants.map(({ senders }) => senders));
    for (let member = 0; member < most; member++) {
      participants.forEach(({ conversation: { groupId }, connections, senders }, conversation) => {
        const connection = connections[member];
        if (!connection || member >= senders) return;
        this.#senderOf[connection.index] = this.#senders.length;
        const message = {
          fromUserId: connection.userId,
          toSessionId: groupId ?? connections[1 - member]!.userId,
          msgType: groupId === undefined ? MsgType.SINGLE_TEXT : MsgType.GROUP_TEXT,
        };
        const frame = new MessageFrame(message, { size, run: this.ledger.run });
        this.#senders.push({ connection, conversation, member, frame, sent: 0 });
      });
    }
    participants.forEach(({ connections }, conversation) => {
      connections.forEach(({ index }, member) => {
        this.#conversationOf[index] = conversation;
        this.#memberOf[index] = member;
      });
    });
  }

  #send(k: number, dueAt: number): void {
    const sender = this.#senders[k % this.#senders.length]!;
    const { connection, frame, conversation, member } = sender;
    this.ledger.begin(conversation, member);
    const seqNum = (sender.sent++ % seqNumbers) + 1;
    connection.write(frame.next(k, seqNum, connection.pendingBytes > 0));
    if (this.measurement.includes(dueAt)) this.#lag.record(performance.now() - dueAt);
  }

  /** The number of the message that a sender sent under this seq_num; -1: none. */
  #numberOf(sender: number, seqNum: number): number {
    const sent = this.#senders[sender]?.sent ?? 0;
    if (seqNum === 0 || seqNum > sent) return -1;
    // The sequence number wraps: the newest message it can stand for.
    const index = seqNum - 1 + Math.floor((sent - seqNum) / seqNumbers) * seqNumbers;
    return index * this.#senders.length + sender;
  }

  #acked(connection: LoadConnection, seqNum: number, buf: Buffer, start: number, end: number): void {
    const msgId = readAck(buf, start, end);
    const k = this.#numberOf(this.#senderOf[connection.index] ?? -1, seqNum);
    if (k < 0 || msgId === 0 || !this.ledger.acknowledged(k, msgId)) {
      this.#strayAcks++;
      return;
    }
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
    const k = readIndex(buf, textStart, textEnd, ledger.run);
    if (!ledger.knows(k)) {
      this.#foreign++;
      return;
    }
    const sender = this.#senders[k % this.#senders.length]!;
    const { index } = connection;
    if (
      this.#conversationOf[index] !== sender.conversation ||
      connection === sender.connection ||
      received.fromUserId !== sender.connection.userId
    ) {
      ledger.findings.add('misrouted', `${k} came to user ${connection.userId}`);
      return;
    }
    const isFirst = ledger.received(k, this.#memberOf[index]!);
    const fault = deliveryFault(msgId, this.#newestOf[index]!, !isFirst);
    if (fault) ledger.findings.add(fault, `${k} (${msgId}) came to user ${connection.userId}`);
    if (!isFirst) return;
    this.#newestOf[index] = Math.max(this.#newestOf[index]!, msgId);
    if (this.measurement.includes(clock.now)) this.deliveredInTime++;
    const dueAt = this.pacer.dueAt(k);
    if (this.measurement.includes(dueAt)) this.#delivery.record(clock.now - dueAt);
  }
}
