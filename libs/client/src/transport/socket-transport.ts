import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TlsOptions, Transport, TransportEvents } from './transport.js';

/** TCP, with or without TLS. */
export class SocketTransport implements Transport {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #events: TransportEvents | undefined;
  #error: Error | undefined;
  #corked = false;

  /** @throws Error when connecting fails, or the reason of `signal` */
  static open(
    address: { host: string; port: number },
    tls: TlsOptions | undefined,
    signal: AbortSignal,
  ): Promise<SocketTransport> {
    return new Promise((resolve, reject) => {
      const { host, port } = address;
      const socket = tls
        ? connectTls({
            host,
            port,
            ca: tls.ca,
            servername: tls.serverName ?? (isIP(host) ? undefined : host),
          })
        : connectTcp({ host, port });
      const settled = () => signal.removeEventListener('abort', onAbort);
      const fail = (error: Error) => {
        settled();
        socket.destroy();
        reject(error);
      };
      const onAbort = () => fail(signal.reason as Error);
      signal.addEventListener('abort', onAbort);
      socket.once('error', fail);
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        settled();
        socket.off('error', fail);
        socket.setNoDelay(true);
        resolve(new SocketTransport(socket));
      });
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', (error) => {
      this.#error = error;
      this.#events?.onEnd(error);
    });
    socket.on('close', () => this.#events?.onEnd(this.#error));
  }

  start(events: TransportEvents): void {
    this.#events = events;
    this.#socket.on('data', (chunk) => events.onData(chunk));
    // Deferred, so that the caller of `open` has the connection by then.
    if (this.#socket.closed) setTimeout(() => events.onEnd(this.#error));
  }

  /** All writes of one event-loop turn go out together. */
  write(bytes: Uint8Array): void {
    this.#cork();
    this.#socket.write(bytes);
  }

  writeThrough(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#cork();
      this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): Promise<void> {
    this.#socket.destroySoon();
    return this.#closed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }
}
