import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { isOnePdu } from '@teamtalk/protocol';
import type { RawData, WebSocket } from 'ws';

/** Codes of RFC 6455, section 7.4.1. */
const closeCodes = { normal: 1000, protocolError: 1002, unsupportedData: 1003, abnormal: 1006 } as const;

const asBinary = { binary: true };

/** The client has sent a message that is not one PDU. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
}

/**
 * A WebSocket as a stream of PDUs, in the place of a socket: each message that arrives is one, and each write becomes
 * one message. Emits `partial` with the bytes that have arrived of the next message.
 */
export class WebSocketStream extends Duplex {
  readonly #webSocket: WebSocket;
  /** Bytes the system has accepted. */
  #sent = 0;
  #partial = 0;

  constructor(webSocket: WebSocket, socket: Socket) {
    super();
    this.#webSocket = webSocket;
    webSocket.on('message', (data: RawData, isBinary) => this.#take(data as Buffer, isBinary));
    webSocket.on('error', (error) => this.#violated(error.message));
    webSocket.on('close', (code) => {
      if (code === closeCodes.abnormal && !this.writableEnded) {
        this.destroy(new Error('the WebSocket broke off'));
      } else if (!this.destroyed) {
        this.push(null);
      }
    });
    // After ws has taken the messages of a chunk: what completes one counts for the next, too.
    socket.on('data', (chunk: Buffer) => {
      this.#partial += chunk.length;
      if (!this.destroyed) this.emit('partial', this.#partial);
    });
  }

  /** Of a socket: with the bytes that wait in it. */
  get bytesWritten(): number {
    return this.#sent + this.writableLength;
  }

  override _read(): void {
    this.#webSocket.resume();
  }

  override _write(pdu: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#webSocket.send(pdu, asBinary, (error) => {
      if (!error) this.#sent += pdu.length;
      done(error);
    });
  }

  override _final(done: () => void): void {
    this.#webSocket.close(closeCodes.normal);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Otherwise the client is being told why; ws gives it 30 s to answer.
    if (!(error instanceof MessageError)) this.#webSocket.terminate();
    done(error);
  }

  #take(message: Buffer, isBinary: boolean): void {
    this.#partial = 0;
    if (this.destroyed) return;
    if (!isBinary) {
      this.#webSocket.close(closeCodes.unsupportedData);
      this.#violated('the message is a text');
    } else if (!isOnePdu(message)) {
      this.#webSocket.close(closeCodes.protocolError);
      this.#violated('the message is not one PDU');
    } else if (!this.push(message)) {
      this.#webSocket.pause();
    }
  }

  #violated(why: string): void {
    this.destroy(new MessageError(why));
  }
}
