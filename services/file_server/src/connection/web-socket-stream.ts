import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { isOnePdu } from '@teamtalk/protocol';
import type { RawData, WebSocket } from 'ws';

/** Close codes of RFC 6455, section 7.4.1. */
const closeCodes = { normal: 1000, protocolError: 1002, unsupportedData: 1003, abnormal: 1006 } as const;

const asBinary = { binary: true };

/** The client sent a message that is not exactly one PDU. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
}

/**
 * Wraps a WebSocket as a stream of PDUs that can replace a socket: each incoming message is one PDU, and each write becomes
 * one message. Emits `partial` with the number of bytes received of the next message.
 */
export class WebSocketStream extends Duplex {
  readonly #webSocket: WebSocket;
  /** Bytes the operating system has accepted. */
  #sent = 0;
  #partial = 0;

  constructor(webSocket: WebSocket, socket: Socket) {
    super();
    this.#webSocket = webSocket;
    webSocket.on('message', (data: RawData, isBinary) => this.#take(data as Buffer, isBinary));
    webSocket.on('error', (error) => this.#violated(error.message));
    webSocket.on('close', (code) => {
      if (code === closeCodes.abnormal && !this.writableEnded) {
        this.destroy(new Error('the WebSocket closed abnormally'));
      } else if (!this.destroyed) {
        this.push(null);
      }
    });
    // Runs after ws has emitted the messages of a chunk, so the bytes that complete one message also count for the next.
    socket.on('data', (chunk: Buffer) => {
      this.#partial += chunk.length;
      if (!this.destroyed) this.emit('partial', this.#partial);
    });
  }

  /** As for a socket, includes buffered bytes. */
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
    // For a MessageError a close frame with the reason was sent; ws waits up to 30 s for the reply.
    if (!(error instanceof MessageError)) this.#webSocket.terminate();
    done(error);
  }

  #take(message: Buffer, isBinary: boolean): void {
    this.#partial = 0;
    if (this.destroyed) return;
    if (!isBinary) {
      this.#webSocket.close(closeCodes.unsupportedData);
      this.#violated('the message is a text message');
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
