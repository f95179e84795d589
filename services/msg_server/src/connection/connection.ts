import {
  type ClientClass,
  clientClassOf,
  FramingError,
  type IM,
  isMobileClient,
  type Pdu,
  PduDecoder,
  type PduFrame,
} from '@teamtalk/protocol';
import type { ClientLog } from '@teamtalk/service-kit';
import type { MsgServerConfig } from '../config.js';
import type { BadPduReason, CloseReason, MsgServerMetrics } from '../metrics.js';
import { ConnectionOutput, maxBeforeLogin, type OutputHost } from './connection-output.js';
import type { SendDeduplicator } from './send-deduplicator.js';
import type { Transport } from './transport.js';
import { WaitingPdus } from './waiting-pdus.js';

/** What a connection needs of its listener. */
export interface ConnectionHost extends OutputHost {
  readonly limits: MsgServerConfig['limits'];
  readonly metrics: MsgServerMetrics;
  readonly clientLog: ClientLog;
  /** A coarse clock: the number of sweeps so far. */
  readonly tick: number;

  /**
   * Handles one PDU, or begins to.
   * @returns false when it has to wait; the same PDU is passed again at the connection's next `advance`
   */
  handle(connection: Connection, pdu: Pdu): boolean;

  /** Called once per connection, when it ends and before its state changes. */
  leaving(connection: Connection, reason: CloseReason): void;

  /** Called once per connection, when its transport has closed. */
  closed(connection: Connection): void;
}

const maxVersionLength = 64;

/** A connection's states, in order; it never goes back. */
export const State = { Fresh: 0, LoggingIn: 1, LoggedIn: 2, Ending: 3, Closed: 4 } as const;

/**
 * One client's connection: handles its PDUs in order and keeps its state.
 *
 * There may be tens of thousands, most of them idle. An idle connection owns no timer, buffer, queue or closure.
 */
export class Connection extends ConnectionOutput {
  /** unsigned 32-bit, unique in this process */
  readonly id: number;
  readonly host: ConnectionHost;
  /** As given by a PROXY header; undefined: the transport's. */
  readonly #address: string | undefined;
  readonly #decoder: PduDecoder;

  state: number = State.Fresh;
  userId = 0;
  /** of the client's address, while it is logged in; see UsersByNetwork */
  network = '';
  clientType = 0;
  /** As the client says; at most 64 characters. */
  clientVersion = '';
  /** Unix seconds of the login. */
  since = 0;
  /** Orders logins across all msg_servers. */
  loginSeq = 0;
  isBot = false;
  /** Of a web session: the device that it has registered for Web Push; 0: none. */
  pushDevice = 0;
  /** Set when it is to be kicked once its login has been answered. */
  kickReason: IM.BaseDefine.KickReasonType | undefined;
  /** The host's tick when bytes last arrived; before the login and after the end, when that state began. */
  lastActiveTick: number;
  /** State of the message rate's token bucket; see RateLimit. */
  bucketFullAt = 0;
  /** Messages and read marks without a result yet. */
  pendingWrites = 0;
  /** Recognises resent messages; created with the first message. */
  sendDeduplicator: SendDeduplicator | undefined;
  /** Users whose status changes the client is sent (presence broadcast `queried`). */
  watchedUsers: Set<number> | undefined;

  #busy = false;
  #draining = false;
  #paused = false;
  #badPdus = 0;
  #waiting: WaitingPdus | undefined;

  constructor(id: number, transport: Transport, address: string | undefined, host: ConnectionHost) {
    super(transport);
    this.id = id;
    this.host = host;
    this.#address = address;
    this.#decoder = new PduDecoder(host.limits.pduBytes);
    this.lastActiveTick = host.tick;
  }

  get clientClass(): ClientClass {
    return clientClassOf(this.clientType, this.clientVersion, this.isBot);
  }

  get isMobile(): boolean {
    return isMobileClient(this.clientType);
  }

  /** False once the connection is being closed: nothing more is read or written. */
  get isOpen(): boolean {
    return this.state < State.Ending;
  }

  /** Whether the client has closed its side, as far as has been read. */
  get isAbandoned(): boolean {
    return !this.isOpen || this.transport.readableEnded === true;
  }

  /** The client's IP address. */
  get remoteAddress(): string {
    return this.#address ?? this.transport.remoteAddress ?? '';
  }

  /** Called by the transport for each chunk. */
  receive(chunk: Buffer): void {
    if (this.state === State.LoggedIn) this.lastActiveTick = this.host.tick;
    if (!this.isOpen || this.#draining) return;
    this.#decoder.push(chunk);
    if (this.state < State.LoggedIn && this.#bufferedBytes > maxBeforeLogin) this.destroy('before-login');
    else this.#takePdus();
  }

  /** Called when something the connection may be waiting for has happened; handles waiting PDUs. */
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
      // A client whose socket is not read because its PDUs wait here is not silent.
      if (this.state === State.LoggedIn) this.lastActiveTick = this.host.tick;
      waiting.shift();
      if (!this.isOpen) return;
    }
    this.#waiting = undefined;
    this.#takePdus();
  }

  /** Begins a request: later PDUs wait until `finish`. */
  begin(): void {
    this.#busy = true;
  }

  finish(): void {
    this.#busy = false;
    this.advance();
  }

  /** Called for each message or read mark that has its result. */
  writeDone(): void {
    this.pendingWrites--;
    if (this.#waiting || this.#draining) this.advance();
  }

  /** Counts an invalid PDU; too many in a row end the connection. */
  badPdu(reason: BadPduReason): void {
    this.host.metrics.badPdu(this, reason);
    this.#badPdus++;
    if (this.#badPdus >= this.host.limits.consecutiveBadPdus) this.end('bad-pdus');
  }

  /** Resets the count of consecutive invalid PDUs. */
  goodPdu(): void {
    this.#badPdus = 0;
  }

  /** Marks the connection as logged in. From now on `push` defers PDUs until `release`. */
  logIn(userId: number, clientType: number, clientVersion: string, loginSeq: number): void {
    this.userId = userId;
    this.clientType = clientType;
    this.clientVersion = clientVersion.slice(0, maxVersionLength);
    this.since = Math.floor(Date.now() / 1000);
    this.loginSeq = loginSeq;
    this.state = State.LoggedIn;
    this.lastActiveTick = this.host.tick;
    this.host.metrics.builds.loggedIn(this);
    this.defer();
  }

  /**
   * Closes gracefully: no further PDU is handled or queued, what is queued still goes out. The host destroys the
   * connection if the client does not close its side in time.
   */
  end(reason: CloseReason): void {
    if (!this.isOpen) return;
    this.flush();
    if (!this.isOpen) return;
    this.#leave(reason);
    this.lastActiveTick = this.host.tick;
    // Further input is read and discarded: unread bytes would turn the graceful close into a reset.
    if (this.#paused) this.transport.resume();
    this.transport.end();
  }

  /** Closes at once, discarding queued PDUs. */
  destroy(reason: CloseReason): void {
    if (this.isOpen) this.#leave(reason);
    this.transport.destroy();
  }

  /** Takes no further PDU and ends the connection once the messages sent have their results. */
  drain(): void {
    if (!this.isOpen || this.#draining) return;
    this.#draining = true;
    this.#waiting = undefined;
    this.#endIfSettled();
  }

  /** Called once by the transport, whichever side closed it. */
  transportClosed(hadError: boolean): void {
    if (this.isOpen) this.#leave(hadError ? 'connection-lost' : 'by-client');
    this.state = State.Closed;
    this.discardQueued();
    this.host.closed(this);
  }

  get #bufferedBytes(): number {
    return this.#decoder.pendingBytes + (this.#waiting?.bytes ?? 0);
  }

  #leave(reason: CloseReason): void {
    this.host.leaving(this, reason);
    this.state = State.Ending;
    this.#waiting = undefined;
    this.discardDeferred();
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
    if (this.isOpen) this.#resume();
  }

  #take(pdu: Pdu | PduFrame): void {
    if ('frame' in pdu) {
      this.goodPdu();
      // Echoed with its header, where some clients put a service id of their own. Copied, because the read buffer is
      // reused.
      this.write(Buffer.from(pdu.frame));
      return;
    }
    if (!this.#waiting && this.#handle(pdu)) return;
    if (!this.isOpen) return;
    this.#waiting ??= new WaitingPdus();
    this.#waiting.push(pdu);
  }

  /** @returns false when the PDU has to wait */
  #handle(pdu: Pdu): boolean {
    return !this.#busy && this.host.handle(this, pdu);
  }

  #framingError({ reason, length }: FramingError): void {
    this.host.metrics.badPdu(this, reason);
    this.host.clientLog.warn(
      this.remoteAddress,
      { length, client: this.remoteAddress, userId: this.userId },
      'framing invalid; closing connection',
    );
    this.destroy('framing');
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.transport.pause();
    this.host.metrics.throttled.inc({ reason: 'queue-full' });
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.transport.resume();
  }
}
