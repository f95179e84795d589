import {
  FramingError,
  type IM,
  isMobileClient,
  type Pdu,
  PduDecoder,
  type PduFrame,
} from '@teamtalk/protocol';
import type { Logger } from '@teamtalk/service-kit';
import type { MsgServerConfig } from '../config.js';
import type { BadPduReason, CloseReason, MsgServerMetrics } from '../metrics.js';
import type { OutboundQueue } from './outbound-queue.js';
import type { SendDeduplicator } from './send-deduplicator.js';
import type { Transport } from './transport.js';
import { WaitingPdus } from './waiting-pdus.js';
import { writeBatch } from './write-batch.js';

/** What all connections share. */
export interface ConnectionHost {
  readonly limits: MsgServerConfig['limits'];
  readonly outbound: OutboundQueue;
  readonly metrics: MsgServerMetrics;
  readonly log: Logger;
  /** A coarse clock: counts the rounds of the sweep over all connections. */
  readonly tick: number;

  /**
   * Handles one PDU, or begins to.
   * @returns false when the connection has to wait first: the same PDU comes again at its next `advance`
   */
  handle(connection: Connection, pdu: Pdu): boolean;

  /** Called once for each connection, when it ends and before its state says so. */
  leaving(connection: Connection, reason: CloseReason): void;

  /** Called once for each connection, when its transport is closed. */
  closed(connection: Connection): void;
}

/** What a client that has not logged in may have us keep of an unfinished PDU, bytes. */
export const maxBeforeLogin = 16_384;

/** States only go forward. */
export const State = { Fresh: 0, LoggingIn: 1, LoggedIn: 2, Ending: 3, Closed: 4 } as const;

/**
 * One client's connection: its PDUs in order, its bytes out, its state.
 *
 * There may be tens of thousands of them, most of them idle: no timer, no buffer, no queue and no closure
 * of its own as long as nothing is in the works.
 */
export class Connection {
  /** unsigned 32-bit, unique in this process */
  readonly id: number;
  readonly host: ConnectionHost;
  readonly #transport: Transport;
  /** As a load balancer told it; undefined: it is the transport's. */
  readonly #address: string | undefined;
  readonly #decoder: PduDecoder;

  state: number = State.Fresh;
  userId = 0;
  clientType = 0;
  /** Order of logins over all msg_servers. */
  loginSeq = 0;
  /** Why it is kicked as soon as its login is answered. */
  kickReason: IM.BaseDefine.KickReasonType | undefined;
  /** The host's tick when bytes last came; before the login and after the end, when that state began. */
  lastActiveTick: number;
  /** When the bucket of messages is full again; see RateLimit. */
  bucketFullAt = 0;
  /** Messages and read marks of this connection that have no result yet. */
  pendingWrites = 0;
  /** What was sent lately, to know a repetition; only where something was sent. */
  sendDeduplicator: SendDeduplicator | undefined;
  /** Users whose status was asked for (presence broadcast `queried`). */
  watchedUsers: Set<number> | undefined;

  #busy = false;
  #draining = false;
  #paused = false;
  #badPdus = 0;
  #waiting: WaitingPdus | undefined;
  /** What is to be written at the end of this turn. */
  #out: Buffer | Buffer[] | undefined;
  /** What others sent to the user before his login was answered; undefined: nothing is held back. */
  #deferred: Buffer[] | undefined;

  constructor(id: number, transport: Transport, address: string | undefined, host: ConnectionHost) {
    this.id = id;
    this.host = host;
    this.#transport = transport;
    this.#address = address;
    this.#decoder = new PduDecoder(host.limits.pduBytes);
    this.lastActiveTick = host.tick;
  }

  get isMobile(): boolean {
    return isMobileClient(this.clientType);
  }

  /** Whether each PDU has to be written in one piece; otherwise the next piece may simply be written behind it. */
  get isFramed(): boolean {
    return this.#transport.framed === true;
  }

  /** False once the connection is being closed: nothing is read from it or written to it any more. */
  get isOpen(): boolean {
    return this.state < State.Ending;
  }

  /** Whether there is nobody any more, as far as has been read. */
  get isAbandoned(): boolean {
    return !this.isOpen || this.#transport.readableEnded === true;
  }

  /** The client's IP address. */
  get remoteAddress(): string {
    return this.#address ?? this.#transport.remoteAddress ?? '';
  }

  /** Takes bytes from the transport. */
  receive(chunk: Buffer): void {
    if (this.state === State.LoggedIn) this.lastActiveTick = this.host.tick;
    if (!this.isOpen || this.#draining) return;
    this.#decoder.push(chunk);
    this.#takePdus();
  }

  /** Something this connection may have waited for has happened. */
  advance(): void {
    if (!this.isOpen) return;
    if (this.#draining) {
      this.#endIfSettled();
      return;
    }
    const waiting = this.#waiting;
    if (!waiting) return;
    for (let pdu = waiting.first; pdu; pdu = waiting.first) {
      if (!this.#handle(pdu)) return;
      waiting.shift();
      if (!this.isOpen) return;
    }
    this.#waiting = undefined;
    this.#takePdus();
  }

  /** Begins a request: what comes next waits until `finish`. */
  begin(): void {
    this.#busy = true;
  }

  finish(): void {
    this.#busy = false;
    this.advance();
  }

  /** A message or read mark has its result. */
  writeDone(): void {
    this.pendingWrites--;
    if (this.#waiting || this.#draining) this.advance();
  }

  /** Counts a PDU that was not understood; too many in a row end the connection. */
  badPdu(reason: BadPduReason): void {
    this.host.metrics.badPdus.inc({ reason });
    this.#badPdus++;
    if (this.#badPdus >= this.host.limits.consecutiveBadPdus) this.end('bad-pdus');
  }

  /** A PDU was understood: those that are not have to begin anew to be too many in a row. */
  goodPdu(): void {
    this.#badPdus = 0;
  }

  /** Writes a PDU at the end of this event-loop turn, together with what else is written until then. */
  write(pdu: Buffer): void {
    if (!this.isOpen) return;
    if (this.#out === undefined) {
      this.#out = pdu;
      this.host.outbound.add(this);
    } else if (Buffer.isBuffer(this.#out)) {
      this.#out = [this.#out, pdu];
    } else {
      this.#out.push(pdu);
    }
  }

  /** Writes a PDU that did not come about by a request of this client; held back until its login is answered. */
  push(pdu: Buffer): void {
    if (this.#deferred) this.#deferred.push(pdu);
    else this.write(pdu);
  }

  /** The user's name and password are right. From now on `push` keeps what it gets until `release`. */
  logIn(userId: number, clientType: number, loginSeq: number): void {
    this.userId = userId;
    this.clientType = clientType;
    this.loginSeq = loginSeq;
    this.state = State.LoggedIn;
    this.lastActiveTick = this.host.tick;
    this.#deferred = [];
  }

  /** Whether the login is accepted and the client has not been told yet. */
  get awaitsAnswer(): boolean {
    return this.#deferred !== undefined;
  }

  /** Writes `answer` and then, in order, what was held back. */
  release(answer: Buffer): void {
    const deferred = this.#deferred ?? [];
    this.#deferred = undefined;
    this.write(answer);
    for (const pdu of deferred) this.write(pdu);
  }

  /** Gives what has been written to the transport. Called by the outbound queue. */
  flush(): void {
    const out = this.#out;
    if (out === undefined) return;
    this.#out = undefined;
    if (this.state === State.Closed) return;
    const transport = this.#transport;
    if (transport.writableLength > this.host.limits.outboundBytes) {
      this.destroy('slow-reader');
      return;
    }
    if (Buffer.isBuffer(out)) {
      this.host.metrics.sentBytes.value += out.length;
      transport.write(out);
      return;
    }
    this.host.metrics.sentBytes.value += writeBatch(transport, out);
  }

  /**
   * Handles nothing more and says nothing more; what was written still goes out, then the connection is
   * closed. A client that does not close its side is cut off by the host after a while.
   */
  end(reason: CloseReason): void {
    if (!this.isOpen) return;
    this.flush();
    if (!this.isOpen) return;
    this.#leave(reason);
    this.lastActiveTick = this.host.tick;
    // What still comes is thrown away: unread bytes would turn our orderly end into a reset.
    if (this.#paused) this.#transport.resume();
    this.#transport.end();
  }

  /** Cuts the connection off. */
  destroy(reason: CloseReason): void {
    if (this.isOpen) this.#leave(reason);
    this.#transport.destroy();
  }

  /** The server stops: takes nothing more from the client, and ends when what it sent has its results. */
  drain(): void {
    if (!this.isOpen || this.#draining) return;
    this.#draining = true;
    this.#waiting = undefined;
    this.#endIfSettled();
  }

  /** The transport is closed, whoever closed it. To be called once. */
  transportClosed(hadError: boolean): void {
    if (this.isOpen) this.#leave(hadError ? 'connection-lost' : 'by-client');
    this.state = State.Closed;
    this.#out = undefined;
    this.host.closed(this);
  }

  #leave(reason: CloseReason): void {
    this.host.leaving(this, reason);
    this.state = State.Ending;
    this.#waiting = undefined;
    this.#deferred = undefined;
    this.sendDeduplicator = undefined;
    this.watchedUsers = undefined;
  }

  #endIfSettled(): void {
    if (this.pendingWrites === 0 && !this.#busy) this.end('draining');
  }

  #takePdus(): void {
    try {
      while (this.isOpen) {
        if (this.#waiting?.full) {
          this.#pause();
          return;
        }
        const pdu = this.#decoder.nextOrHeartbeat();
        if (!pdu) break;
        this.host.metrics.received(pdu.commandId);
        this.#take(pdu);
      }
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.#framingError(error);
    }
    if (!this.isOpen) return;
    if (this.state === State.Fresh && this.#decoder.pendingBytes > maxBeforeLogin)
      this.destroy('before-login');
    else this.#resume();
  }

  #take(pdu: Pdu | PduFrame): void {
    if ('frame' in pdu) {
      this.goodPdu();
      // With its header: some clients put a service id of their own there. Copied: what was read is lent.
      this.write(Buffer.from(pdu.frame));
      return;
    }
    if (!this.#waiting && this.#handle(pdu)) return;
    if (!this.isOpen) return;
    this.#waiting ??= new WaitingPdus();
    this.#waiting.push(pdu);
  }

  /** @returns false when it is not this PDU's turn yet */
  #handle(pdu: Pdu): boolean {
    return !this.#busy && this.host.handle(this, pdu);
  }

  #framingError({ reason, length }: FramingError): void {
    this.host.metrics.badPdus.inc({ reason });
    this.host.log.warn(
      { length, client: this.remoteAddress, userId: this.userId },
      'framing invalid; closing connection',
    );
    this.destroy('framing');
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#transport.pause();
    this.host.metrics.throttled.inc({ reason: 'queue-full' });
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#transport.resume();
  }
}
