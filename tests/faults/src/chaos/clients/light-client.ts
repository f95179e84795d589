import { type Conversation, Id, LoadConnection, readAck, type Traffic } from '@teamtalk/load-generator';
import { loginFrame } from '@teamtalk/local-stack';
import { ClientType, Commands, decodeBody, encodePdu } from '@teamtalk/protocol';
import { DeliveryWatch } from '../record/delivery-watch.js';
import type { Ledger, Sent } from '../record/ledger.js';
import { messageOf, pushedMessage } from './simulated-client.js';

export interface LightClientOptions {
  ledger: Ledger;
  name: string;
  userId: number;
  password: string;
  /** ports of the msg_servers, one of which it connects to at random */
  ports: () => number[];
  /** reconnects when its connection breaks; otherwise only when `open` is called */
  reconnects: boolean;
  /** maximum number of messages without an ack */
  atOnce: number;
  /** a message without an ack is sent again after this time, milliseconds */
  repeatMs: number;
  onAck: (sent: Sent) => void;
}

interface InFlight {
  sent: Sent;
  pdu: Buffer;
  repeats: number;
  repeatAt: number;
}

const reconnectMs = { least: 100, most: 600 };
/** A connection whose login is not answered in this time is closed, milliseconds. */
const loginMs = 6_000;
/** Well below the time after which a silent client is disconnected, milliseconds. */
const heartbeatMs = 45_000;
const maxRepeats = 10;
const maxSeqNum = 0xffff;

/**
 * An old client, so cheap that there can be hundreds: it sends several messages at a time, repeats each on the same
 * connection with the same seq_num until an ack comes, and gives them up when the connection breaks. It never reads
 * history.
 */
export class LightClient implements Traffic {
  readonly userId: number;
  readonly #options: LightClientOptions;
  readonly #inFlight = new Map<number, InFlight>();
  readonly #connection: LoadConnection;
  #giveUp: NodeJS.Timeout | undefined;
  #watch: DeliveryWatch | undefined;
  #isOnline = false;
  #seqNum = 0;
  #beatAt = 0;
  #closed = false;
  /** broken connections since the beginning */
  breaks = 0;

  constructor(options: LightClientOptions) {
    this.#options = options;
    this.userId = options.userId;
    options.ledger.clients.set(options.userId, 'light');
    this.#connection = new LoadConnection(0, options.name, this);
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  get canSend(): boolean {
    return this.#isOnline && this.#inFlight.size < this.#options.atOnce;
  }

  open(): void {
    if (this.#connection.isOpen || this.#closed) return;
    const ports = this.#options.ports();
    const port = ports[Math.floor(Math.random() * ports.length)]!;
    this.#giveUp = setTimeout(() => this.#connection.close(), loginMs);
    this.#connection.open({ port, host: '127.0.0.1' }, false, this.#askToLogIn);
  }

  send(conversation: Conversation): void {
    const { ledger } = this.#options;
    const sent = ledger.begin(conversation, this.userId);
    this.#seqNum = (this.#seqNum % maxSeqNum) + 1;
    const pdu = encodePdu(Commands.MsgData, messageOf(sent), this.#seqNum);
    this.#inFlight.set(this.#seqNum, { sent, pdu, repeats: 0, repeatAt: this.#repeatAt(sent.sentAt) });
    this.#connection.write(pdu);
  }

  /** Repeats messages whose acks are overdue, and sends heartbeats. */
  tick(now: number): void {
    if (!this.#isOnline) return;
    for (const [seqNum, waiting] of this.#inFlight) {
      if (waiting.repeatAt > now) continue;
      if (++waiting.repeats > maxRepeats) {
        this.#inFlight.delete(seqNum);
        continue;
      }
      waiting.repeatAt = this.#repeatAt(now);
      this.#connection.write(waiting.pdu);
    }
    if (now < this.#beatAt) return;
    this.#beatAt = now + heartbeatMs;
    this.#connection.write(encodePdu(Commands.OtherHeartbeat, {}, 0));
  }

  close(): void {
    this.#closed = true;
    this.#connection.close();
  }

  #repeatAt(now: number): number {
    return now + this.#options.repeatMs;
  }

  frame(_: LoadConnection, commandId: number, seqNum: number, buf: Buffer, start: number, end: number): void {
    const { ledger, name, onAck } = this.#options;
    const { userId } = this;
    switch (commandId) {
      case Id.Message: {
        const pushed = pushedMessage(ledger, { commandId, body: buf.subarray(start, end) });
        if (!pushed) return;
        this.#watch?.take(pushed.conversation, pushed.msgId);
        ledger.received(userId, pushed.conversation, pushed.msgId);
        break;
      }
      case Id.MessageAck: {
        const waiting = this.#inFlight.get(seqNum);
        if (!waiting) return;
        this.#inFlight.delete(seqNum);
        ledger.acked(waiting.sent, readAck(buf, start, end), waiting.repeats === 0);
        onAck(waiting.sent);
        break;
      }
      case Id.LoginAnswer:
        this.#loginAnswered(buf.subarray(start, end));
        break;
      case Id.Kick:
        ledger.findings.complain(`user ${userId} (${name}) was kicked`);
        break;
    }
  }

  readDone(): void {}

  closed(): void {
    clearTimeout(this.#giveUp);
    const wasOnline = this.#isOnline;
    if (wasOnline) this.breaks++;
    this.#isOnline = false;
    this.#inFlight.clear();
    this.#options.ledger.wentOffline(this.userId);
    if (this.#closed || (wasOnline && !this.#options.reconnects)) return;
    const wait = reconnectMs.least + Math.random() * (reconnectMs.most - reconnectMs.least);
    setTimeout(() => this.open(), wait);
  }

  readonly #askToLogIn = (): void => {
    const { name, password } = this.#options;
    this.#connection.write(loginFrame({ name, password, clientType: ClientType.ANDROID }));
  };

  #loginAnswered(body: Buffer): void {
    if (decodeBody(Commands.LoginResUserlogin, body).resultCode !== 0) {
      this.#connection.close();
      return;
    }
    clearTimeout(this.#giveUp);
    const { ledger } = this.#options;
    this.#watch = new DeliveryWatch(ledger, this.userId, 'a connection');
    this.#isOnline = true;
    this.#beatAt = performance.now() + heartbeatMs * Math.random();
    ledger.cameOnline(this.userId, { readsHistory: false });
  }
}
