import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import {
  ClientType,
  Commands,
  createTextCodec,
  DEFAULT_TEXT_KEY,
  decodeBody,
  encodePdu,
  IM,
  MSG_SERVER_FRAME_LIMIT,
  MsgType,
  type Pdu,
  PduDecoder,
} from '@teamtalk/protocol';
import { DeliveryWatch } from '../record/delivery-watch.js';
import type { Conversation, Ledger, Sent } from '../record/ledger.js';
import { pushedMessage, textOf } from './simulated-client.js';

export interface LightClientOptions {
  ledger: Ledger;
  name: string;
  userId: number;
  password: string;
  /** ports of the msg_servers, one of which it connects to at random */
  ports: () => number[];
  /** comes back when its connection breaks; otherwise only when it is told to */
  reconnects: boolean;
  /** messages that wait for their ack at most */
  atOnce: number;
  /** without an ack the same PDU is sent again after so long, milliseconds */
  repeatMs: number;
  onAck: (sent: Sent) => void;
}

interface InFlight {
  sent: Sent;
  pdu: Buffer;
  repeats: number;
  repeatAt: number;
}

const codec = createTextCodec(DEFAULT_TEXT_KEY);
const { USER_STATUS_ONLINE } = IM.BaseDefine.UserStatType;
const reconnectMs = { least: 100, most: 600 };
/** A login that is not answered in this time is given up with its connection, milliseconds. */
const loginMs = 6_000;
/** Well below the time after which a silent client is disconnected, milliseconds. */
const heartbeatMs = 45_000;
const maxRepeats = 10;
const maxSeqNum = 0xffff;

/**
 * An old client reduced to a socket: it sends several messages at a time, each again under its seq_num on the same
 * connection as long as no ack comes, and gives them up when the connection breaks. It never reads history.
 */
export class LightClient {
  readonly userId: number;
  readonly #options: LightClientOptions;
  readonly #inFlight = new Map<number, InFlight>();
  #socket: Socket | undefined;
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
    if (this.#socket || this.#closed) return;
    const ports = this.#options.ports();
    const port = ports[Math.floor(Math.random() * ports.length)]!;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    const decoder = new PduDecoder(MSG_SERVER_FRAME_LIMIT);
    const giveUp = setTimeout(() => socket.destroy(), loginMs);
    socket.once('connect', () => this.#logIn(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      decoder.push(chunk);
      for (let pdu = decoder.next(); pdu; pdu = decoder.next()) {
        this.#take(pdu, socket);
        if (this.#isOnline) clearTimeout(giveUp);
      }
    });
    socket.once('close', () => {
      clearTimeout(giveUp);
      this.#ended();
    });
  }

  send(conversation: Conversation): void {
    const { ledger } = this.#options;
    const sent = ledger.begin(conversation, this.userId);
    this.#seqNum = (this.#seqNum % maxSeqNum) + 1;
    const session = conversation.sessionOf(this.userId);
    const message = {
      fromUserId: this.userId,
      toSessionId: 'group' in session ? session.group : session.user,
      msgId: 0,
      createTime: 0,
      msgType: 'group' in session ? MsgType.GROUP_TEXT : MsgType.SINGLE_TEXT,
      msgData: codec.encrypt(textOf(sent)),
    };
    const pdu = encodePdu(Commands.MsgData, message, this.#seqNum);
    this.#inFlight.set(this.#seqNum, { sent, pdu, repeats: 0, repeatAt: this.#repeatAt(sent.sentAt) });
    this.#socket!.write(pdu);
  }

  /** Sends again what has waited too long for its ack, and a heartbeat now and then. */
  tick(now: number): void {
    if (!this.#isOnline) return;
    for (const [seqNum, waiting] of this.#inFlight) {
      if (waiting.repeatAt > now) continue;
      if (++waiting.repeats > maxRepeats) {
        this.#inFlight.delete(seqNum);
        continue;
      }
      waiting.repeatAt = this.#repeatAt(now);
      this.#socket!.write(waiting.pdu);
    }
    if (now < this.#beatAt) return;
    this.#beatAt = now + heartbeatMs;
    this.#socket!.write(encodePdu(Commands.OtherHeartbeat, {}, 0));
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  #repeatAt(now: number): number {
    return now + this.#options.repeatMs;
  }

  #logIn(socket: Socket): void {
    const login = {
      userName: this.#options.name,
      password: createHash('md5').update(this.#options.password).digest('hex'),
      onlineStatus: USER_STATUS_ONLINE,
      clientType: ClientType.ANDROID,
      clientVersion: 'chaos',
    };
    socket.write(encodePdu(Commands.LoginReqUserlogin, login, 1));
  }

  #take(pdu: Pdu, socket: Socket): void {
    const { ledger, name, onAck } = this.#options;
    const { userId } = this;
    if (pdu.commandId === Commands.MsgData.id) {
      const pushed = pushedMessage(ledger, pdu);
      if (!pushed) return;
      this.#watch?.take(pushed.conversation, pushed.msgId);
      ledger.received(userId, pushed.conversation, pushed.msgId);
    } else if (pdu.commandId === Commands.MsgDataAck.id) {
      const waiting = this.#inFlight.get(pdu.seqNum);
      if (!waiting) return;
      this.#inFlight.delete(pdu.seqNum);
      ledger.acked(waiting.sent, decodeBody(Commands.MsgDataAck, pdu.body).msgId, waiting.repeats === 0);
      onAck(waiting.sent);
    } else if (pdu.commandId === Commands.LoginResUserlogin.id) {
      if (decodeBody(Commands.LoginResUserlogin, pdu.body).resultCode !== 0) {
        socket.destroy();
        return;
      }
      this.#watch = new DeliveryWatch(ledger, userId, 'a connection');
      this.#isOnline = true;
      this.#beatAt = performance.now() + heartbeatMs * Math.random();
      ledger.cameOnline(userId, { readsHistory: false });
    } else if (pdu.commandId === Commands.LoginKickUser.id) {
      ledger.complain(`user ${userId} (${name}) was kicked`);
    }
  }

  #ended(): void {
    const wasOnline = this.#isOnline;
    if (wasOnline) this.breaks++;
    this.#socket = undefined;
    this.#isOnline = false;
    this.#inFlight.clear();
    this.#options.ledger.wentOffline(this.userId);
    if (this.#closed || (wasOnline && !this.#options.reconnects)) return;
    const wait = reconnectMs.least + Math.random() * (reconnectMs.most - reconnectMs.least);
    setTimeout(() => this.open(), wait);
  }
}
