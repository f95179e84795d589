import type { Duplex } from 'node:stream';
import {
  BodyError,
  Commands,
  encodePdu,
  FramingError,
  IM,
  PduDecoder,
  type PduFrame,
  writeHeader,
} from '@teamtalk/protocol';
import type { ClientLog, Logger } from '@teamtalk/service-kit';
import type { CloseReason, FileServerMetrics } from '../metrics.js';
import {
  blockBytes,
  type Line,
  maxPulls,
  type OutgoingMessage,
  type Participant,
} from '../transfers/participant.js';
import { FramePool } from './frame-pool.js';
import { MessageError } from './web-socket-stream.js';

/** Bytes a client may leave unread: the blocks it has pulled, and small responses. */
const maxUnreadBytes = maxPulls * (blockBytes + 1024) + 65_536;
/** Buffers for forwarded blocks. */
const frames = new FramePool(blockBytes + 256, 64);
/** Bytes buffered before the login, in each direction: unfinished or waiting PDUs, and output the client has not read. */
const maxBeforeLogin = 16_384;
/** How long a client may take to close its side after the server has closed its own, milliseconds. */
const lingerMs = 5_000;

const { FILE_TYPE_ONLINE, FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;

/** The stream under a connection: a socket, or a WebSocket wrapped as a stream. */
export interface ClientStream extends Duplex {
  /** Includes buffered bytes. */
  readonly bytesWritten: number;
}

/** State shared by all connections. */
export interface ConnectionHost {
  readonly limits: { pduBytes: number; consecutiveBadPdus: number };
  readonly metrics: FileServerMetrics;
  readonly log: Logger;
  readonly clientLog: ClientLog;
  /** @throws BodyError when the body does not parse */
  handle(connection: Connection, pdu: PduFrame): void;
  /** Called once for each connection when its socket closes. */
  closed(connection: Connection): void;
}

/** One client's connection. Its PDUs are interpreted by the handlers and, once logged in, by its participant. */
export class Connection implements Line {
  /** IP address of the client. */
  readonly address: string;
  /** performance.now() of its start. */
  readonly openedAt = performance.now();
  /** performance.now() of the last received data. */
  heardAt = this.openedAt;
  userId = 0;
  taskId = '';
  offline = false;
  participant: Participant | undefined;
  readonly #socket: ClientStream;
  readonly #decoder: PduDecoder;
  readonly #host: ConnectionHost;
  #badPdus = 0;
  #busy = false;
  #reason: CloseReason | undefined;
  #linger: NodeJS.Timeout | undefined;
  /** Bytes the client had read at `#takenAt`. */
  #taken = 0;
  #takenAt = performance.now();

  constructor(socket: ClientStream, address: string, host: ConnectionHost) {
    this.#socket = socket;
    this.address = address;
    this.#host = host;
    this.#decoder = new PduDecoder(host.limits.pduBytes);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('partial', (bytes: number) => this.#heard(bytes));
    socket.on('error', (error) => {
      this.#reason ??= error instanceof MessageError ? 'framing' : 'lost';
      if (error instanceof MessageError) this.#logFraming(error);
      else host.log.debug({ err: error, peer: address }, 'client connection failed');
    });
    socket.on('end', () => this.end('peer'));
    socket.on('close', () => this.#closed());
  }

  /** Nothing more is read from it. */
  get closed(): boolean {
    return this.#reason !== undefined;
  }

  get closeReason(): CloseReason {
    return this.#reason ?? 'peer';
  }

  /** Milliseconds since the client last read some of what is written to it; 0 when nothing is pending. */
  unreadMs(now: number): number {
    const taken = this.#socket.bytesWritten - this.#socket.writableLength;
    if (this.#socket.writableLength === 0 || taken !== this.#taken) {
      this.#taken = taken;
      this.#takenAt = now;
    }
    return now - this.#takenAt;
  }

  /** @param done called when the bytes are no longer needed, with an error if they could not be sent */
  write(pdu: Buffer, done?: (error?: Error | null) => void): void {
    if (this.closed) return;
    this.#socket.write(pdu, done);
    const most = this.participant ? maxUnreadBytes : maxBeforeLogin;
    if (this.#socket.writableLength > most) this.destroy('not_reading');
  }

  send(message: OutgoingMessage, seqNum = 0): void {
    const { taskId } = this;
    if ('state' in message) {
      this.write(encodePdu(Commands.FileState, { ...message, taskId }, seqNum));
    } else if ('pull' in message) {
      const transMode = this.offline ? FILE_TYPE_OFFLINE : FILE_TYPE_ONLINE;
      this.write(encodePdu(Commands.FilePullDataReq, { ...message.pull, taskId, transMode }, seqNum));
    } else {
      this.write(encodePdu(Commands.FilePullDataRsp, { ...message, taskId }, seqNum));
    }
  }

  passOn(frame: Buffer, commandId: number, seqNum: number): void {
    const pdu = frames.copy(frame);
    writeHeader(pdu, { length: pdu.length, commandId, seqNum });
    this.write(pdu, (error) => {
      if (!error) frames.giveBack(pdu);
    });
  }

  drained(): Promise<void> {
    const socket = this.#socket;
    if (this.closed || !socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      socket.on('drain', done);
      socket.on('close', done);
    });
  }

  /** Later PDUs wait until `finish`: the current one is still being handled. */
  begin(): void {
    this.#busy = true;
    this.#socket.pause();
  }

  finish(): void {
    this.#busy = false;
    if (this.closed) return;
    this.#socket.resume();
    this.#advance();
  }

  /** Counts an unknown or malformed PDU; too many in a row close the connection. */
  badPdu(): void {
    this.#host.metrics.badPdus.inc();
    this.#badPdus++;
    if (this.#badPdus >= this.#host.limits.consecutiveBadPdus) this.destroy('bad_pdus');
  }

  end(reason: CloseReason): void {
    if (this.closed) return;
    this.#reason = reason;
    this.#socket.end();
    // Reads and drops what the client still sends: closing with unread bytes would reset the connection.
    this.#socket.resume();
    this.#linger = setTimeout(() => this.#socket.destroy(), lingerMs);
  }

  /** Closes at once, without flushing. */
  destroy(reason: CloseReason): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.closed) return;
    this.#decoder.push(chunk);
    this.#advance();
    this.#heard(this.#decoder.pendingBytes);
    // The chunk may be borrowed for this call only.
    this.#decoder.letGo();
  }

  /** @param pendingBytes buffered bytes of unfinished or waiting PDUs */
  #heard(pendingBytes: number): void {
    this.heardAt = performance.now();
    if (!this.participant && pendingBytes > maxBeforeLogin) this.destroy('before_login');
  }

  #advance(): void {
    try {
      while (!this.#busy && !this.closed) {
        const pdu = this.#decoder.nextFrame();
        if (!pdu) return;
        this.#host.metrics.received.inc();
        this.#handle(pdu);
      }
    } catch (error) {
      const framing = error instanceof FramingError;
      if (framing) this.#logFraming(error);
      else
        this.#host.log.error({ err: error, peer: this.address }, 'reading PDUs failed; closing connection');
      this.destroy(framing ? 'framing' : 'failed');
    }
  }

  #logFraming(error: Error): void {
    const fields = { err: error, peer: this.address };
    this.#host.clientLog.info(this.address, fields, 'framing invalid; closing connection');
  }

  #handle(pdu: PduFrame): void {
    const before = this.#badPdus;
    try {
      this.#host.handle(this, pdu);
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      this.badPdu();
    }
    if (this.#badPdus === before) this.#badPdus = 0;
  }

  #closed(): void {
    clearTimeout(this.#linger);
    this.#reason ??= 'peer';
    this.participant?.onClosed();
    this.#host.closed(this);
  }
}
