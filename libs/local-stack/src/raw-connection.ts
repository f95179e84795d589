import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type Command,
  decodeBody,
  MSG_SERVER_FRAME_LIMIT,
  PduDecoder,
  type PduHeader,
  readHeader,
} from '@teamtalk/protocol';

/** A PDU as it came, with every field of its header. */
export interface Frame extends PduHeader {
  body: Buffer;
}

interface RawConnectionOptions {
  /** the largest PDU it takes, bytes; a larger one ends the connection */
  limit?: number;
  /** sees every PDU when it comes, before anybody can take it */
  onFrame?: (frame: Frame) => void;
}

/**
 * A bare connection that sends whatever bytes it is told to and keeps every PDU that comes until somebody takes it: for
 * what the SDK would never do. What tests of one subject do with it is in layers above.
 */
export class RawConnection {
  /** PDUs that came and were not taken, oldest first. */
  readonly received: Frame[] = [];
  /** Resolves when the connection is over, whoever closed it. */
  readonly closed: Promise<void>;
  readonly socket: Duplex;
  readonly #decoder: PduDecoder;
  readonly #onFrame: ((frame: Frame) => void) | undefined;
  readonly #listeners = new Set<() => void>();
  #open = true;
  #failure: Error | undefined;

  /**
   * Connects by TCP.
   * @param deadlineMs milliseconds
   * @throws Error when the connection is refused, or not made in time
   */
  static async open(
    port: number,
    {
      host = '127.0.0.1',
      deadlineMs = 10_000,
      ...options
    }: RawConnectionOptions & { host?: string; deadlineMs?: number } = {},
  ): Promise<RawConnection> {
    const socket = connect({ port, host, noDelay: true });
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(deadlineMs) });
    } catch (error) {
      socket.destroy();
      throw new Error(`${host}:${port} refuses connections`, { cause: error });
    }
    return new RawConnection(socket, options);
  }

  /** One that is connected already, with TLS or by WebSocket. */
  static over(socket: Duplex): RawConnection {
    return new RawConnection(socket, {});
  }

  private constructor(socket: Duplex, { limit = MSG_SERVER_FRAME_LIMIT, onFrame }: RawConnectionOptions) {
    this.socket = socket;
    this.#decoder = new PduDecoder(limit);
    this.#onFrame = onFrame;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
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
   * @param deadlineMs milliseconds
   * @returns undefined when none came in time, or the connection ended before
   */
  async take(fits: (frame: Frame) => boolean, deadlineMs: number): Promise<Frame | undefined> {
    const end = performance.now() + deadlineMs;
    for (;;) {
      const index = this.received.findIndex(fits);
      if (index >= 0) return this.received.splice(index, 1)[0];
      const remaining = end - performance.now();
      if (!this.#open || remaining <= 0) return undefined;
      await this.#change(remaining);
    }
  }

  /**
   * Like `take`.
   * @throws Error when none came in time or the connection closed before
   */
  async next(fits: (frame: Frame) => boolean = () => true, deadlineMs = 15_000): Promise<Frame> {
    const frame = await this.take(fits, deadlineMs);
    if (frame) return frame;
    throw this.#open
      ? new Error(`the expected PDU did not come within ${deadlineMs} ms`)
      : new Error('the connection was closed before the expected PDU came', { cause: this.#failure });
  }

  /** The next PDU of a command, decoded. @throws Error like `next` */
  async receive<M extends object>(
    command: Command<M, never>,
    where: (message: M, frame: Frame) => boolean = () => true,
    deadlineMs?: number,
  ): Promise<M & { seqNum: number }> {
    const { body, seqNum } = await this.next(
      (frame) => frame.commandId === command.id && where(decodeBody(command, frame.body), frame),
      deadlineMs,
    );
    return Object.assign(decodeBody(command, body), { seqNum });
  }

  /** @returns whether the connection is over by then */
  async ended(deadlineMs: number): Promise<boolean> {
    const end = performance.now() + deadlineMs;
    while (this.#open && performance.now() < end) await this.#change(end - performance.now());
    return !this.#open;
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    // Copied: tests keep bodies for long, and a chunk's memory is the socket's.
    this.#decoder.push(Buffer.from(chunk));
    try {
      for (let pdu = this.#decoder.nextFrame(); pdu; pdu = this.#decoder.nextFrame()) {
        const frame = { ...readHeader(pdu.frame), body: pdu.body };
        this.received.push(frame);
        this.#onFrame?.(frame);
      }
    } catch (error) {
      this.socket.destroy(error as Error);
    }
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #change(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, deadlineMs);
      this.#listeners.add(done);
    });
  }
}
