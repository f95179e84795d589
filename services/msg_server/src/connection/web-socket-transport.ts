import type { Socket } from 'node:net';
import { isOnePdu } from '@teamtalk/protocol';
import type { RawData, WebSocket } from 'ws';
import type { BadPduReason } from '../metrics.js';
import { type Connection, State } from './connection.js';
import { maxBeforeLogin } from './connection-output.js';
import type { Transport } from './transport.js';

/** Codes of RFC 6455, section 7.4.1. */
const closeCodes = { normal: 1000, protocolError: 1002, unsupportedData: 1003, abnormal: 1006 } as const;

const noBytes = Buffer.alloc(0);
const asBinary = { binary: true };

const transportKey = Symbol('transport');

/** A WebSocket or its socket, with a reference to its transport. */
interface Carrier {
  [transportKey]?: WebSocketTransport;
}

// Shared by all WebSockets, as in socket-transport.ts.
function onMessage(this: WebSocket & Carrier, data: RawData, isBinary: boolean): void {
  // Always a Buffer with ws's default binaryType.
  transportOf(this).take(data as Buffer, isBinary);
}

function onPing(this: WebSocket & Carrier): void {
  transportOf(this).markAlive();
}

function onError(this: WebSocket & Carrier, error: Error): void {
  transportOf(this).refuse('websocket', closeCodes.protocolError, error);
}

function onClose(this: WebSocket & Carrier, code: number): void {
  transportOf(this).closed(code === closeCodes.abnormal);
}

function onDataBeforeLogin(this: Socket & Carrier, chunk: Buffer): void {
  transportOf(this).countBeforeLogin(chunk.length);
}

function transportOf(carrier: Carrier): WebSocketTransport {
  return carrier[transportKey]!;
}

/** Carries each PDU as one binary WebSocket message. */
export class WebSocketTransport implements Transport {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  #connection!: Connection;
  #paused = false;
  /** Messages ws emitted after `pause`, at most those of the last chunk read. */
  #late: Buffer[] | undefined;
  #closeCode: number = closeCodes.normal;
  /** Bytes received since the last complete message; counted only before the login. */
  #unfinished = 0;

  constructor(webSocket: WebSocket, socket: Socket) {
    this.#webSocket = webSocket;
    this.#socket = socket;
  }

  /** Starts passing messages to the connection. */
  attach(connection: Connection): void {
    this.#connection = connection;
    const webSocket = this.#webSocket;
    (webSocket as Carrier)[transportKey] = this;
    webSocket.on('message', onMessage);
    webSocket.on('ping', onPing);
    webSocket.on('error', onError);
    webSocket.on('close', onClose);
    (this.#socket as Carrier)[transportKey] = this;
    this.#socket.on('data', onDataBeforeLogin);
  }

  get framed(): boolean {
    return true;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get writableLength(): number {
    return this.#socket.writableLength;
  }

  write(pdu: Buffer): void {
    this.#webSocket.send(pdu, asBinary);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  pause(): void {
    this.#paused = true;
    this.#webSocket.pause();
  }

  resume(): void {
    this.#paused = false;
    while (this.#late && !this.#paused) {
      const pdu = this.#late.shift();
      if (this.#late.length === 0) this.#late = undefined;
      if (pdu) this.#connection.receive(pdu);
    }
    if (!this.#paused) this.#webSocket.resume();
  }

  end(): void {
    this.#webSocket.close(this.#closeCode);
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  take(message: Buffer, isBinary: boolean): void {
    this.#unfinished = 0;
    if (!isBinary) {
      this.refuse('text-frame', closeCodes.unsupportedData);
    } else if (!isOnePdu(message)) {
      this.refuse('not-one-pdu', closeCodes.protocolError);
    } else if (this.#paused) {
      this.#late ??= [];
      this.#late.push(message);
    } else {
      this.#connection.receive(message);
    }
  }

  /** Counts a ping as activity of the client. */
  markAlive(): void {
    this.#connection.receive(noBytes);
  }

  /** Ends the connection after a violation by the client. */
  refuse(reason: BadPduReason, closeCode: number, error?: Error): void {
    const { host, isOpen, remoteAddress, userId } = this.#connection;
    if (!isOpen) return;
    host.metrics.badPdu(this.#connection, reason);
    host.clientLog.warn(
      remoteAddress,
      { reason, err: error, client: remoteAddress, userId },
      'WebSocket message invalid; closing connection',
    );
    this.#closeCode = closeCode;
    this.#connection.end('framing');
  }

  closed(hadError: boolean): void {
    this.#connection.transportClosed(hadError);
  }

  /** Before the login the limit is lower than ws's message limit. */
  countBeforeLogin(bytes: number): void {
    if (this.#connection.state >= State.LoggedIn) {
      this.#socket.off('data', onDataBeforeLogin);
      return;
    }
    this.#unfinished += bytes;
    if (this.#unfinished > maxBeforeLogin) this.#connection.destroy('before-login');
  }
}
