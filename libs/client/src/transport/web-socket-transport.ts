import type { Transport, TransportEvents, TransportOptions } from './transport.js';
import { createWebSocket, type WebSocketLike } from './web-socket.js';

const OPEN = 1;
const NORMAL_CLOSURE = 1000;
/** Code reported for a WebSocket that was closed without one. */
const NO_STATUS = 1005;

/** A WebSocket: each message is one PDU. */
export class WebSocketTransport implements Transport {
  readonly #socket: WebSocketLike;
  readonly #closed: Promise<void>;
  #setClosed: () => void = () => {};
  #events: TransportEvents | undefined;
  #error: Error | undefined;

  /** @throws Error when the handshake fails, or the reason of `signal` */
  static async open(
    url: string,
    options: TransportOptions,
    signal: AbortSignal,
  ): Promise<WebSocketTransport> {
    const socket = await createWebSocket(url, options);
    return new Promise((resolve, reject) => {
      let failure = new Error('the WebSocket handshake failed');
      const onAbort = () => {
        failure = signal.reason as Error;
        breakOff(socket);
        onFailed();
      };
      const onFailed = () => {
        signal.removeEventListener('abort', onAbort);
        reject(failure);
      };
      signal.addEventListener('abort', onAbort);
      socket.onerror = ({ error }) => {
        if (error instanceof Error) failure = error;
      };
      socket.onclose = onFailed;
      socket.onopen = () => {
        signal.removeEventListener('abort', onAbort);
        resolve(new WebSocketTransport(socket));
      };
      if (signal.aborted) onAbort();
    });
  }

  private constructor(socket: WebSocketLike) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => {
      this.#setClosed = resolve;
    });
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onerror = ({ error }) => {
      if (error instanceof Error) this.#error = error;
    };
    socket.onclose = ({ code }) => {
      if (code !== NORMAL_CLOSURE && code !== NO_STATUS) {
        this.#error ??= new Error(`the WebSocket was closed with code ${code}`);
      }
      this.#ended();
    };
  }

  start(events: TransportEvents): void {
    this.#events = events;
    // Deferred, so that the caller of `open` has the connection by then.
    if (this.#socket.readyState > OPEN) setTimeout(() => events.onEnd(this.#error));
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(bytes);
  }

  async writeThrough(bytes: Uint8Array): Promise<void> {
    if (this.#socket.readyState !== OPEN) throw this.#error ?? new Error('the WebSocket is closed');
    this.#socket.send(bytes);
  }

  close(): Promise<void> {
    this.#socket.close(NORMAL_CLOSURE);
    return this.#closed;
  }

  destroy(): void {
    breakOff(this.#socket);
    // A browser may wait a long time for the other side's close frame.
    this.#ended();
  }

  #take(data: unknown): void {
    if (typeof data === 'string') {
      this.#error = new Error('the server sent text instead of a PDU');
      this.destroy();
      return;
    }
    const chunk = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    this.#events?.onData(chunk as Buffer);
  }

  #ended(): void {
    this.#setClosed();
    this.#events?.onEnd(this.#error);
  }
}

function breakOff(socket: WebSocketLike): void {
  if (socket.terminate) socket.terminate();
  else socket.close();
}
