import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { MSG_SERVER_FRAME_LIMIT, type Pdu, PduDecoder } from '@teamtalk/protocol';

/**
 * A bare TCP connection that sends whatever bytes it is told to and cuts what comes back into PDUs: for
 * what the SDK would never do.
 */
export class RawConnection {
  /** PDUs that came and were not taken by `next`, oldest first. */
  readonly received: Pdu[] = [];
  /** Resolves when the connection is over, whoever closed it. */
  readonly closed: Promise<void>;
  readonly socket: Duplex;
  readonly #decoder: PduDecoder;
  readonly #listeners = new Set<() => void>();
  #open = true;
  #failure: Error | undefined;

  /** @throws Error when the connection is refused */
  static async open(
    port: number,
    host = '127.0.0.1',
    limit = MSG_SERVER_FRAME_LIMIT,
  ): Promise<RawConnection> {
    const socket = connect({ port, host, noDelay: true });
    await once(socket, 'connect');
    return new RawConnection(socket, limit);
  }

  /** One that is connected already, with TLS or by WebSocket. */
  static over(socket: Duplex, limit = MSG_SERVER_FRAME_LIMIT): RawConnection {
    return new RawConnection(socket, limit);
  }

  private constructor(socket: Duplex, limit: number) {
    this.socket = socket;
    this.#decoder = new PduDecoder(limit);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => {
      this.#failure = error;
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#open = false;
        this.#notify();
        resolve();
      });
    });
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Resolves when the bytes were handed to the system; also when the other side has closed meanwhile. */
  async send(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.socket.write(bytes, () => resolve());
    });
  }

  /**
   * Takes the first PDU, received already or to come, that fits; those before it stay in `received`.
   * @param timeoutMs milliseconds
   * @throws Error when none came in time or the connection closed before
   */
  async next(predicate: (pdu: Pdu) => boolean = () => true, timeoutMs = 5_000): Promise<Pdu> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const index = this.received.findIndex(predicate);
      if (index >= 0) return this.received.splice(index, 1)[0]!;
      if (!this.#open) {
        throw new Error('the connection was closed before the expected PDU came', { cause: this.#failure });
      }
      const remaining = end - performance.now();
      if (remaining <= 0) throw new Error(`the expected PDU did not come within ${timeoutMs} ms`);
      await this.#change(remaining);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    // Copied: tests keep bodies for long, and a chunk's memory is the socket's.
    this.#decoder.push(Buffer.from(chunk));
    for (let pdu = this.#decoder.next(); pdu; pdu = this.#decoder.next()) this.received.push(pdu);
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#listeners.add(done);
    });
  }
}
