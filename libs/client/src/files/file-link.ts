import { type Command, Commands, FILE_SERVER_FRAME_LIMIT, type IM, type Pdu } from '@teamtalk/protocol';
import type { TeamTalkClient } from '../client.js';
import { Connection } from '../connection.js';
import { ClientError } from '../errors.js';
import type { ServerAddress } from '../server-location.js';

/** Largest block requested at once, bytes. */
export const blockBytes = 32_768;
const answerMs = 10_000;
const closeMs = 2_000;
const options = {
  connectDeadlineMs: 5_000,
  heartbeatMs: 30_000,
  maxInFlight: 1,
  maxPduBytes: FILE_SERVER_FRAME_LIMIT,
};
/** Maximum number of received PDUs not yet handled; a correct server never sends more. */
const maxWaiting = 64;

/** The user and their side of a transfer. */
export interface FileLogin {
  userId: number;
  taskId: string;
  fileRole: IM.BaseDefine.ClientFileRole;
}

/** How a client reaches file_servers. */
export type FileAccess = Pick<TeamTalkClient, 'tls' | 'fileServerAddress'>;

/** A connection to a file_server, logged in for one side of a transfer. */
export class FileLink {
  readonly #waiting: Pdu[] = [];
  #connection: Connection | undefined;
  #end: ClientError | undefined;
  #wake: (() => void) | undefined;

  /**
   * @throws ClientError `unreachable`, `disconnected`, or `file-refused` when the file_server refuses the user for this
   *   side of the task; DeadlineExceeded
   */
  static async open(
    server: ServerAddress,
    login: FileLogin,
    access: FileAccess,
    signal: AbortSignal,
  ): Promise<FileLink> {
    const link = new FileLink();
    const events = {
      onPdu: (pdu: Pdu) => link.#take(pdu),
      onEnd: (error: ClientError) => link.#finish(error),
    };
    const connection = await Connection.open(
      access.fileServerAddress(server),
      { ...options, tls: access.tls },
      events,
      signal,
    );
    link.#connection = connection;
    try {
      await connection.request(Commands.FileLoginReq, Commands.FileLoginRes, login, answerMs, (reply) => {
        if (reply.resultCode === 0) return;
        throw new ClientError(
          'file-refused',
          `${server.host}:${server.port} refused the login for this transfer`,
        );
      });
      return link;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  private constructor() {}

  /**
   * The next PDU of the transfer; undefined when none arrives within `waitMs` milliseconds.
   * @throws ClientError when the connection has ended, or `file-cancelled` when `signal` is aborted
   */
  async next(signal: AbortSignal, waitMs?: number): Promise<Pdu | undefined> {
    const end = waitMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + waitMs;
    while (!signal.aborted) {
      const pdu = this.#waiting.shift();
      if (pdu) return pdu;
      if (this.#end) throw this.#end;
      const left = end - performance.now();
      if (left <= 0) return undefined;
      await this.#change(signal, left);
    }
    throw new ClientError('file-cancelled', 'the transfer was cancelled');
  }

  /** Resolves when the operating system has accepted it. @throws ClientError `disconnected` */
  async send(pdu: Uint8Array): Promise<void> {
    if (!this.#connection) throw new ClientError('disconnected', 'not connected');
    await this.#connection.writeThrough(pdu);
  }

  /** Sends a PDU under a new sequence number, batched with others of this event-loop turn. */
  post<P extends object>(command: Command<object, P>, message: NoInfer<P>): void {
    this.#connection?.post(command, message);
  }

  /**
   * Waits a moment for the server to close first, as it does when a transfer is over: closing with unread data in the
   * receive buffer would reset the connection and could lose our last PDU.
   */
  async ended(): Promise<void> {
    const end = performance.now() + closeMs;
    const { signal } = new AbortController();
    while (!this.#end && performance.now() < end) {
      this.#waiting.length = 0;
      await this.#change(signal, end - performance.now());
    }
  }

  async close(): Promise<void> {
    await this.#connection?.close(new ClientError('closed', 'the transfer is over'));
  }

  #take(pdu: Pdu): void {
    if (pdu.commandId === Commands.OtherHeartbeat.id || pdu.commandId === Commands.FileLoginRes.id) return;
    this.#waiting.push(pdu);
    if (this.#waiting.length > maxWaiting) {
      this.#finish(new ClientError('protocol', 'the file_server sends more than was requested'));
      void this.close();
    }
    this.#wake?.();
  }

  #finish(error: ClientError): void {
    this.#end ??= error;
    this.#wake?.();
  }

  #change(signal: AbortSignal, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      const timer = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.#wake = done;
    });
  }
}
