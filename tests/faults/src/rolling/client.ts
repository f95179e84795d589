import {
  type Conversation,
  clock,
  type Endpoint,
  Id,
  type Ledger,
  LoadConnection,
  MessageFrame,
  MessageReader,
  type Receipts,
  readAck,
  readIndex,
  type Traffic,
} from '@teamtalk/load-generator';
import { loginFrame } from '@teamtalk/local-stack';
import {
  Commands,
  DeliveryOrder,
  decodeBody,
  encodePdu,
  IM,
  isGroupMessageType,
  MsgType,
} from '@teamtalk/protocol';
import { type Behaviour, startUpOf } from './behaviour.js';
import type { Observations, Phase } from './phases.js';

/** Asks a login_server for a msg_server; undefined: it named none. */
export type Direct = () => Promise<Endpoint | undefined>;

export interface ClientOptions {
  index: number;
  name: string;
  userId: number;
  password: string;
  behaviour: Behaviour;
  ledger: Ledger;
  observations: Observations;
  /** shared by all clients */
  receipts: Receipts;
  direct: Direct;
  /** multiplies the client's back-off */
  waitFactor: number;
  complain: (text: string) => void;
}

/** A conversation as this client sees it. */
interface Seat {
  conversation: Conversation;
  /** index of the conversation in the ledger, and of the client among its members */
  index: number;
  member: number;
  /** the other user's or the group's id */
  sessionId: number;
  frame: MessageFrame;
  /** newest id known, from pushes, acks or history */
  newest: number;
  /** delivery checks of this connection */
  order: DeliveryOrder;
  /** while history is being read: down to which id, exclusive */
  lookDownTo: number | undefined;
}

interface Message {
  number: number;
  seat: Seat;
  dueAt: number;
  sentAt: number;
  seqNum: number;
  /** newest known id of the conversation when it was first sent */
  newestThen: number;
}

const { SESSION_TYPE_GROUP, SESSION_TYPE_SINGLE } = IM.BaseDefine.SessionType;
const textBytes = 64;
const pageSize = 100;
/** msg_server gives up a message after 10 s: after that, history shows what became of it. */
const doubtMs = 12_000;
const received = new MessageReader();

/**
 * One old client: it asks login_server for a server, logs in, sends, and acknowledges deliveries. When its connection
 * ends it backs off as its kind does, logs in again, reads missed messages from history, and sends those of its own
 * messages again that have no ack and are not there.
 */
export class RollingClient implements Traffic {
  readonly index: number;
  readonly behaviour: Behaviour;
  readonly #options: ClientOptions;
  readonly #connection: LoadConnection;
  readonly #seats: Seat[] = [];
  /** messages of this connection without an ack, by seq_num */
  readonly #waiting = new Map<number, Message>();
  /** messages of earlier connections without an ack */
  #doubtful: Message[] = [];
  /** not sent yet */
  #unsent: Message[] = [];
  #seqNum = 0;
  #ready = false;
  #closing = false;
  #waits = 0;
  #waitedMs = 0;
  #silence: { since: number; phase: Phase } | undefined;
  #loginSentAt = 0;
  #heartbeatAt = 0;

  constructor(options: ClientOptions) {
    this.index = options.index;
    this.behaviour = options.behaviour;
    this.#options = options;
    this.#connection = new LoadConnection(options.index, options.name, this);
  }

  get isOnline(): boolean {
    return this.#ready;
  }

  /** Messages without an ack. */
  get open(): number {
    return this.#waiting.size + this.#doubtful.length + this.#unsent.length;
  }

  /** @param index of the conversation in the ledger */
  join(index: number): void {
    const { userId, ledger } = this.#options;
    const conversation = ledger.conversations[index]!;
    const sessionId = conversation.sessionIdOf(userId);
    const msgType = conversation.groupId === undefined ? MsgType.SINGLE_TEXT : MsgType.GROUP_TEXT;
    const message = { fromUserId: userId, toSessionId: sessionId, msgType };
    this.#seats.push({
      conversation,
      index,
      member: conversation.members.indexOf(userId),
      sessionId,
      frame: new MessageFrame(message, { size: textBytes, run: ledger.run }),
      newest: 0,
      order: new DeliveryOrder(),
      lookDownTo: undefined,
    });
  }

  start(): void {
    void this.#dial();
  }

  close(): void {
    this.#closing = true;
    this.#connection.close();
  }

  /** Sends a message in its k-th conversation, at once or as soon as it can. */
  send(k: number, dueAt: number): void {
    const seat = this.#seats[k % this.#seats.length]!;
    const number = this.#options.ledger.begin(seat.index, seat.member);
    const message = { number, seat, dueAt, sentAt: 0, seqNum: 0, newestThen: seat.newest };
    if (this.#ready) this.#transmit(message);
    else this.#unsent.push(message);
  }

  /** Sends due heartbeats and repeats, and gives up an overdue login. @param now ms of the monotonic clock */
  tick(now: number): void {
    const { ackMs, resends, loginMs, heartbeatMs } = this.behaviour;
    const { troubles } = this.#options.observations;
    if (this.#loginSentAt > 0 && now - this.#loginSentAt > loginMs) {
      troubles.loginsOverdue++;
      this.#connection.close();
      return;
    }
    if (!this.#ready) return;
    if (now >= this.#heartbeatAt) {
      this.#heartbeatAt = now + heartbeatMs;
      this.#connection.write(encodePdu(Commands.OtherHeartbeat, {}, this.#nextSeqNum()));
    }
    for (const message of this.#waiting.values()) {
      const age = now - message.sentAt;
      if (age < ackMs) return;
      if (resends) {
        troubles.repeated++;
        message.sentAt = now;
        this.#write(message);
      } else if (age >= doubtMs) {
        troubles.overdue++;
        this.#doubt();
        this.#lookIntoHistory();
        return;
      }
    }
  }

  frame(_: LoadConnection, commandId: number, seqNum: number, buf: Buffer, start: number, end: number): void {
    switch (commandId) {
      case Id.Message:
        this.#take(buf, start, end);
        break;
      case Id.MessageAck:
        this.#acked(seqNum, buf, start, end);
        break;
      case Id.LoginAnswer:
        this.#loginAnswered(buf.subarray(start, end));
        break;
      case Id.HistoryAnswer:
        this.#takePage(buf.subarray(start, end));
        break;
      case Id.Kick:
        this.#options.observations.troubles.kicked++;
        this.#options.complain(`client ${this.index} was kicked`);
        break;
    }
  }

  readDone(connection: LoadConnection): void {
    const receipts = this.#options.receipts.take();
    if (!receipts) return;
    connection.write(receipts);
    if (connection.pendingBytes > 0) this.#options.receipts.leave();
  }

  closed(): void {
    if (this.#closing) return;
    const { observations } = this.#options;
    if (this.#loginSentAt > 0 || this.#silence) observations.troubles.notLoggedIn++;
    else observations.troubles.breaks++;
    this.#silence ??= { since: performance.now(), phase: observations.current };
    this.#loginSentAt = 0;
    this.#ready = false;
    this.#doubt();
    this.#comeBack();
  }

  #comeBack(): void {
    const { first, most } = this.behaviour.wait;
    // Clients do not reconnect in lockstep.
    const ms =
      Math.min(first * 2 ** this.#waits++, most) * this.#options.waitFactor * (0.9 + 0.2 * Math.random());
    this.#waitedMs += ms;
    setTimeout(() => void this.#dial(), ms);
  }

  async #dial(): Promise<void> {
    if (this.#closing) return;
    const endpoint = await this.#options.direct();
    if (this.#closing) return;
    if (!endpoint) {
      this.#comeBack();
      return;
    }
    this.#loginSentAt = performance.now();
    this.#connection.open(endpoint, false, this.#askToLogIn);
  }

  readonly #askToLogIn = (): void => {
    const { name, password } = this.#options;
    const { clientType } = this.behaviour;
    this.#connection.write(loginFrame({ name, password, clientType }, this.#nextSeqNum()));
  };

  #loginAnswered(body: Buffer): void {
    const { resultCode } = decodeBody(Commands.LoginResUserlogin, body);
    if (resultCode !== 0) {
      this.#options.observations.troubles.refused++;
      this.#connection.close();
      return;
    }
    const now = performance.now();
    if (this.#silence) {
      const { since, phase } = this.#silence;
      phase.silence.record(now - since);
      phase.reconnect.record(now - since - this.#waitedMs);
    }
    this.#silence = undefined;
    this.#loginSentAt = 0;
    this.#waits = 0;
    this.#waitedMs = 0;
    this.#heartbeatAt = now + this.behaviour.heartbeatMs * Math.random();
    for (const seat of this.#seats) seat.order = new DeliveryOrder();
    const seconds = Math.floor(Date.now() / 1000);
    this.#connection.write(startUpOf(this.behaviour, seconds, () => this.#nextSeqNum()));
    this.#lookIntoHistory();
  }

  /** Whether messages without an ack are stored is unknown from now on. */
  #doubt(): void {
    this.#doubtful.push(...this.#waiting.values());
    this.#doubtful.sort((a, b) => a.number - b.number);
    this.#waiting.clear();
  }

  #lookIntoHistory(): void {
    this.#ready = false;
    for (const seat of this.#seats) {
      const own = this.#doubtful.filter((message) => message.seat === seat);
      seat.lookDownTo = Math.min(seat.newest, ...own.map(({ newestThen }) => newestThen));
      this.#askForPage(seat, 0);
    }
    if (this.#seats.length === 0) this.#goOn();
  }

  #askForPage({ conversation, sessionId }: Seat, msgIdBegin: number): void {
    const sessionType = conversation.groupId === undefined ? SESSION_TYPE_SINGLE : SESSION_TYPE_GROUP;
    const request = { userId: this.#options.userId, sessionType, sessionId, msgIdBegin, msgCnt: pageSize };
    this.#connection.write(encodePdu(Commands.MsgListRequest, request, this.#nextSeqNum()));
  }

  #takePage(body: Buffer): void {
    const { sessionType, sessionId, msgList = [] } = decodeBody(Commands.MsgListResponse, body);
    const seat = this.#seatOf(sessionId, sessionType === SESSION_TYPE_GROUP);
    if (seat?.lookDownTo === undefined) return;
    const { ledger, userId, observations } = this.#options;
    for (const { msgId, fromSessionId, msgData } of msgList) {
      const data = Buffer.from(msgData);
      const number = readIndex(data, 0, data.length, ledger.run);
      seat.newest = Math.max(seat.newest, msgId);
      if (!ledger.knows(number)) continue;
      if (fromSessionId !== userId) {
        ledger.receivedBy(number, userId);
        continue;
      }
      const at = this.#doubtful.findIndex((message) => message.number === number);
      if (at < 0) continue;
      observations.troubles.foundInHistory++;
      this.#settle(this.#doubtful.splice(at, 1)[0]!, msgId);
    }
    const oldest = msgList.at(-1)?.msgId ?? 1;
    if (oldest > seat.lookDownTo + 1 && oldest > 1) {
      this.#askForPage(seat, oldest - 1);
      return;
    }
    seat.lookDownTo = undefined;
    if (this.#seats.every(({ lookDownTo }) => lookDownTo === undefined)) this.#goOn();
  }

  /** History has been read: sends what is not in it again, then what was not sent yet. */
  #goOn(): void {
    const again = this.#doubtful;
    const waited = this.#unsent;
    this.#doubtful = [];
    this.#unsent = [];
    this.#ready = true;
    this.#options.observations.troubles.sentAgain += again.length;
    for (const message of again) this.#transmit(message);
    for (const message of waited) this.#transmit(message);
  }

  #transmit(message: Message): void {
    message.seqNum = this.#nextSeqNum();
    message.sentAt = performance.now();
    this.#waiting.set(message.seqNum, message);
    this.#write(message);
  }

  #write({ number, seqNum, seat }: Message): void {
    this.#connection.write(seat.frame.next(number, seqNum, this.#connection.pendingBytes > 0));
  }

  #acked(seqNum: number, buf: Buffer, start: number, end: number): void {
    const message = this.#waiting.get(seqNum);
    if (!message) return;
    const msgId = readAck(buf, start, end);
    this.#waiting.delete(seqNum);
    message.seat.newest = Math.max(message.seat.newest, msgId);
    this.#settle(message, msgId);
  }

  #settle({ number, dueAt }: Message, msgId: number): void {
    const { ledger, observations } = this.#options;
    ledger.acknowledged(number, msgId);
    observations.current.acked++;
    observations.current.ack.record(clock.now - dueAt);
  }

  #take(buf: Buffer, start: number, end: number): void {
    received.read(buf, start, end);
    const { msgId, textStart, textEnd } = received;
    const isGroup = isGroupMessageType(received.msgType);
    const partner = isGroup ? received.toSessionId : received.fromUserId;
    const { ledger, receipts, userId } = this.#options;
    receipts.add(userId, partner, msgId, isGroup ? SESSION_TYPE_GROUP : SESSION_TYPE_SINGLE);
    const seat = this.#seatOf(partner, isGroup);
    const number = readIndex(buf, textStart, textEnd, ledger.run);
    if (!seat || !ledger.knows(number)) return;
    const { newest } = seat.order;
    const fault = seat.order.take(msgId);
    if (fault) ledger.findings.add(fault, `${number} (${msgId}) came to user ${userId} after ${newest}`);
    seat.newest = Math.max(seat.newest, msgId);
    ledger.receivedBy(number, userId);
  }

  #seatOf(sessionId: number, isGroup: boolean): Seat | undefined {
    return this.#seats.find(
      (seat) => seat.sessionId === sessionId && (seat.conversation.groupId !== undefined) === isGroup,
    );
  }

  #nextSeqNum(): number {
    this.#seqNum = (this.#seqNum % this.behaviour.lastSeqNum) + 1;
    return this.#seqNum;
  }
}
