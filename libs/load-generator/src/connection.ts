import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { HEADER_LENGTH } from '@teamtalk/protocol';

/** Handles the frames of all connections of a pool: one object, so that no connection needs closures of its own. */
export interface Traffic {
  /** A PDU came; `buf` from `start` to `end` is its body, valid during the call only. */
  frame(
    connection: LoadConnection,
    commandId: number,
    seqNum: number,
    buf: Buffer,
    start: number,
    end: number,
  ): void;
  /** All PDUs of one read have been handled. */
  readDone(connection: LoadConnection): void;
  /** The connection has ended; `byServer`: without a call of `close`. */
  closed(connection: LoadConnection, byServer: boolean): void;
}

export interface Endpoint {
  host: string;
  port: number;
}

interface LoadSocket extends Socket {
  owner: LoadConnection;
}

/** Shared by all sockets: a frame is processed before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

const noBytes: Buffer = Buffer.alloc(0);

/** Buffer of the last large frame, reused because allocating is as expensive as filling. */
let spare = noBytes;

/** @returns with room for so many bytes */
function takeBuffer(bytes: number): Buffer {
  if (spare.length < bytes) return Buffer.allocUnsafeSlow(bytes);
  const taken = spare;
  spare = noBytes;
  return taken;
}

function giveBack(buffer: Buffer): void {
  if (buffer.length > spare.length) spare = buffer;
}

/** When the bytes being handled were read, ms of the monotonic clock. */
export const clock = { now: 0 };

/**
 * One client of the load generator: a socket whose frames are handled where they were read, without an object for
 * each; only a frame that comes in pieces is copied. Tests that do not measure use RawConnection of libs/local-stack,
 * which keeps frames until they are taken.
 */
export class LoadConnection {
  /** its index among all connections of the run */
  readonly index: number;
  readonly name: string;
  userId = 0;
  loggedIn = false;
  traffic: Traffic;
  #socket: LoadSocket | undefined;
  /** The beginning of an incomplete frame. */
  #partial: Buffer | undefined;
  #gathered = 0;
  #closing = false;

  constructor(index: number, name: string, traffic: Traffic) {
    this.index = index;
    this.name = name;
    this.traffic = traffic;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Bytes not handed to the system yet; while there are any, buffers passed to `write` must not change. */
  get pendingBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** Connects. `traffic.closed` is called when that fails; `onOpen` may be called before the server has accepted. */
  open(endpoint: Endpoint, tls: boolean, onOpen: (connection: LoadConnection) => void): void {
    const options = { ...endpoint, noDelay: true, onread: { buffer: readBuffer, callback: received } };
    const socket = (
      tls ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options)
    ) as LoadSocket;
    socket.owner = this;
    this.#socket = socket;
    this.#closing = false;
    this.#partial = undefined;
    this.#gathered = 0;
    socket.once(tls ? 'secureConnect' : 'connect', () => onOpen(this));
    socket.on('error', ignore);
    socket.on('close', ended);
  }

  write(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  close(): void {
    this.#closing = true;
    this.#socket?.destroy();
  }

  /** Called by the socket. */
  receive(chunk: Buffer): void {
    clock.now = performance.now();
    let at = 0;
    if (this.#partial) {
      at = this.#complete(chunk);
      if (at < 0) return;
    }
    while (chunk.length - at >= HEADER_LENGTH) {
      const length = chunk.readUInt32BE(at);
      if (chunk.length - at < length) break;
      this.#give(chunk, at, length);
      if (!this.isOpen) return;
      at += length;
    }
    if (at < chunk.length) {
      const hasHeader = chunk.length - at >= HEADER_LENGTH;
      this.#partial = takeBuffer(hasHeader ? chunk.readUInt32BE(at) : HEADER_LENGTH);
      this.#gathered = chunk.copy(this.#partial, 0, at);
    }
    this.traffic.readDone(this);
  }

  /** Called by the socket. */
  over(): void {
    this.#socket = undefined;
    this.#partial = undefined;
    this.loggedIn = false;
    this.traffic.closed(this, !this.#closing);
  }

  /** Adds to the incomplete frame. @returns where the next one begins in `chunk`; -1: it is still incomplete */
  #complete(chunk: Buffer): number {
    let at = 0;
    let partial = this.#partial!;
    if (this.#gathered < HEADER_LENGTH) {
      at = chunk.copy(partial, this.#gathered, 0, HEADER_LENGTH - this.#gathered);
      this.#gathered += at;
      if (this.#gathered < HEADER_LENGTH) return -1;
    }
    const length = partial.readUInt32BE(0);
    if (partial.length < length) {
      const larger = takeBuffer(length);
      partial.copy(larger, 0, 0, this.#gathered);
      this.#partial = larger;
      partial = larger;
    }
    const copied = chunk.copy(partial, this.#gathered, at, at + length - this.#gathered);
    this.#gathered += copied;
    if (this.#gathered < length) return -1;
    this.#partial = undefined;
    this.#gathered = 0;
    this.#give(partial, 0, length);
    giveBack(partial);
    return at + copied;
  }

  #give(buf: Buffer, at: number, length: number): void {
    const commandId = buf.readUInt16BE(at + 10);
    this.traffic.frame(this, commandId, buf.readUInt16BE(at + 12), buf, at + HEADER_LENGTH, at + length);
  }
}

function received(this: unknown, bytes: number, buffer: Uint8Array): boolean {
  (this as LoadSocket).owner.receive((buffer as Buffer).subarray(0, bytes));
  return true;
}

function ended(this: Socket): void {
  (this as LoadSocket).owner.over();
}

function ignore(): void {}
