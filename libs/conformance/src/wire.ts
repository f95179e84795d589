import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { commandById, HEADER_LENGTH, type PduHeader, readHeader } from '@teamtalk/protocol';

/** A PDU as it came, with every field of its header. */
export interface Frame extends PduHeader {
  body: Buffer;
}

/** Sanity limit of a frame, bytes. */
const maxFrameBytes = 64 * 1024 * 1024;

/** `0x0301 CID_MSG_DATA`, as reports name a command. */
export function nameOf(commandId: number): string {
  const id = `0x${commandId.toString(16).padStart(4, '0')}`;
  const name = commandById(commandId)?.name;
  return name ? `${id} ${name}` : id;
}

/** A TCP connection to a server under test: sends any bytes, keeps every frame until somebody takes it. */
export class Wire {
  /** Frames that came and were not taken yet, oldest first. */
  readonly frames: Frame[] = [];
  readonly #socket: Socket;
  readonly #onFrame: (frame: Frame) => void;
  readonly #waiting = new Set<() => void>();
  #pending: Buffer = Buffer.alloc(0);
  #open = true;

  /** @param onFrame sees every frame when it comes, before anybody can take it */
  static async open(
    { host, port }: { host: string; port: number },
    onFrame: (frame: Frame) => void,
    deadlineMs: number,
  ): Promise<Wire> {
    const socket = connect({ host, port, noDelay: true });
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(deadlineMs) });
    } catch (error) {
      socket.destroy();
      throw new Error(`${host}:${port} does not take connections`, { cause: error });
    }
    return new Wire(socket, onFrame);
  }

  private constructor(socket: Socket, onFrame: (frame: Frame) => void) {
    this.#socket = socket;
    this.#onFrame = onFrame;
    socket.on('data', (chunk) => this.#take(chunk));
    // `close` follows and is handled.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#open = false;
      this.#notify();
    });
  }

  get isOpen(): boolean {
    return this.#open;
  }

  write(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** Stops reading, like a client that hangs. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Destroys the connection without a FIN handshake. */
  destroy(): void {
    this.#socket.destroy();
  }

  /**
   * Takes the first frame that fits, there already or to come; those before it stay.
   * @returns undefined when none came in time, or the connection ended before
   */
  async take(fits: (frame: Frame) => boolean, deadlineMs: number): Promise<Frame | undefined> {
    const end = performance.now() + deadlineMs;
    for (;;) {
      const index = this.frames.findIndex(fits);
      if (index >= 0) return this.frames.splice(index, 1)[0];
      const remaining = end - performance.now();
      if (!this.#open || remaining <= 0) return undefined;
      await this.#change(remaining);
    }
  }

  /** @returns whether the server has closed the connection by then */
  async ended(deadlineMs: number): Promise<boolean> {
    const end = performance.now() + deadlineMs;
    while (this.#open && performance.now() < end) await this.#change(end - performance.now());
    return !this.#open;
  }

  #take(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= HEADER_LENGTH) {
      const header = readHeader(this.#pending);
      if (header.length < HEADER_LENGTH || header.length > maxFrameBytes) {
        this.#socket.destroy();
        return;
      }
      if (this.#pending.length < header.length) return;
      // Copied, so that what a case keeps does not change under it.
      const frame = { ...header, body: Buffer.from(this.#pending.subarray(HEADER_LENGTH, header.length)) };
      this.#pending = this.#pending.subarray(header.length);
      this.frames.push(frame);
      this.#onFrame(frame);
    }
    this.#notify();
  }

  #notify(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #change(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, deadlineMs);
      this.#waiting.add(done);
    });
  }
}
