import { type Command, Commands, decodeBody, encodePdu, type Pdu, PduDecoder } from '@teamtalk/protocol';
import { ClientError, DeadlineExceeded } from './errors.js';
import { SequenceNumbers } from './sequence-numbers.js';
import { reasonOf, type ServerAddress } from './server-location.js';
import { openTransport } from './transport/open-transport.js';
import type { Transport, TransportOptions } from './transport/transport.js';

/** A pending request, matched by its sequence number. */
export interface Exchange {
  /** `command_id` of the response. */
  readonly answerId: number;
  onAnswer(body: Buffer): void;
  /** The connection ended before the response. */
  onLost(error: ClientError): void;
}

export interface ConnectionOptions extends TransportOptions {
  connectDeadlineMs: number;
  /** Milliseconds between heartbeats; a connection on which nothing arrives for that long after one is dead. */
  heartbeatMs: number;
  /** Maximum number of pending requests; below 65535, so that a sequence number is free. */
  maxInFlight: number;
}

export interface ConnectionEvents {
  /** Called for every PDU, responses included, before its exchange gets it. */
  onPdu(pdu: Pdu): void;
  /** Called once, however the connection ended. */
  onEnd(error: ClientError): void;
}

/** Time for buffered writes when a connection is closed, milliseconds. */
const CLOSE_MS = 1000;

/** One connection to a msg_server: frames, sequence numbers, responses, heartbeats. */
export class Connection {
  readonly server: ServerAddress;
  readonly #transport: Transport;
  readonly #decoder: PduDecoder;
  readonly #events: ConnectionEvents;
  readonly #maxInFlight: number;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #seqNums = new SequenceNumbers();
  readonly #heartbeat: NodeJS.Timeout;
  #heard = true;
  #end: ClientError | undefined;

  private constructor(
    transport: Transport,
    server: ServerAddress,
    options: ConnectionOptions,
    events: ConnectionEvents,
  ) {
    this.server = server;
    this.#transport = transport;
    this.#events = events;
    this.#maxInFlight = options.maxInFlight;
    this.#decoder = new PduDecoder(options.maxPduBytes);
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs);
    transport.start({
      onData: (chunk) => this.#read(chunk),
      onEnd: (error) => {
        if (error) this.#ended(`the connection broke: ${reasonOf(error)}`, error);
        else this.#ended('the server closed the connection');
      },
    });
  }

  /** @throws ClientError `unreachable` when nothing answers in time, or `signal` is aborted */
  static async open(
    server: ServerAddress,
    options: ConnectionOptions,
    events: ConnectionEvents,
    signal: AbortSignal,
  ): Promise<Connection> {
    const { connectDeadlineMs } = options;
    const opening = new AbortController();
    const onAbort = () => opening.abort(new Error('given up'));
    const timer = setTimeout(
      () => opening.abort(new Error(`no answer within ${connectDeadlineMs} ms`)),
      connectDeadlineMs,
    );
    signal.addEventListener('abort', onAbort);
    try {
      return new Connection(await openTransport(server, options, opening.signal), server, options, events);
    } catch (error) {
      const where = server.url ?? `${server.host}:${server.port}`;
      throw new ClientError('unreachable', `cannot connect to ${where}: ${reasonOf(error)}`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /**
   * Sends a request under a new sequence number.
   *
   * @returns the sequence number
   * @throws ClientError `too-many-in-flight`, or the reason why the connection has ended
   */
  begin<P extends object>(command: Command<object, P>, message: NoInfer<P>, exchange: Exchange): number {
    if (this.#end) throw this.#end;
    if (this.#exchanges.size >= this.#maxInFlight) {
      throw new ClientError('too-many-in-flight', `${this.#maxInFlight} requests are in flight already`);
    }
    const seqNum = this.#seqNums.next(this.#exchanges);
    const pdu = encodePdu(command, message, seqNum);
    this.#exchanges.set(seqNum, exchange);
    this.write(pdu);
    return seqNum;
  }

  /** Stops waiting for a response. If it still arrives, it is a PDU like any other. */
  abandon(seqNum: number): void {
    this.#exchanges.delete(seqNum);
  }

  /**
   * A request and its response. `accept` sees the response before any later PDU is handled; what it returns or throws
   * becomes the result.
   *
   * @throws DeadlineExceeded, ClientError `disconnected`, BodyError for a response that does not parse, and
   *   what `begin` throws.
   */
  request<P extends object, M extends object, T>(
    command: Command<object, P>,
    answer: Command<M, never>,
    message: NoInfer<P>,
    deadlineMs: number,
    accept: (message: M) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const seqNum = this.begin(command, message, {
        answerId: answer.id,
        onAnswer: (body) => {
          clearTimeout(timer);
          try {
            resolve(accept(decodeBody(answer, body)));
          } catch (error) {
            reject(error);
          }
        },
        onLost: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      const timer = setTimeout(() => {
        this.abandon(seqNum);
        reject(new DeadlineExceeded(command.name, deadlineMs));
      }, deadlineMs);
    });
  }

  /** Sends a PDU that has no response. */
  post<P extends object>(command: Command<object, P>, message: NoInfer<P>): void {
    this.write(encodePdu(command, message, this.#seqNums.next(this.#exchanges)));
  }

  /** Writes raw bytes; all writes of one event-loop turn go out together. */
  write(bytes: Uint8Array): void {
    if (!this.#end) this.#transport.write(bytes);
  }

  /**
   * Like `write`, and waits until the operating system has accepted the bytes.
   *
   * @throws ClientError `disconnected` when the connection ends first
   */
  async writeThrough(bytes: Uint8Array): Promise<void> {
    if (this.#end) throw this.#end;
    try {
      await this.#transport.writeThrough(bytes);
    } catch (error) {
      const reason = `the connection broke: ${reasonOf(error)}`;
      throw this.#end ?? new ClientError('disconnected', reason, { cause: error });
    }
  }

  /** Ends the connection; buffered bytes still go out. Pending requests fail with `reason`. */
  async close(reason: ClientError): Promise<void> {
    this.#finish(reason);
    const timer = setTimeout(() => this.#transport.destroy(), CLOSE_MS);
    await this.#transport.close();
    clearTimeout(timer);
  }

  #read(chunk: Buffer): void {
    this.#heard = true;
    if (this.#end) return;
    this.#decoder.push(chunk);
    for (let pdu = this.#nextPdu(); pdu; pdu = this.#nextPdu()) this.#take(pdu);
  }

  #nextPdu(): Pdu | undefined {
    if (this.#end) return undefined;
    try {
      return this.#decoder.next();
    } catch (error) {
      const message = `${this.server.host}:${this.server.port} does not speak the protocol: ${reasonOf(error)}`;
      this.#finish(new ClientError('protocol', message, { cause: error }));
      this.#transport.destroy();
      return undefined;
    }
  }

  #take(pdu: Pdu): void {
    const candidate = pdu.seqNum === 0 ? undefined : this.#exchanges.get(pdu.seqNum);
    const exchange = candidate?.answerId === pdu.commandId ? candidate : undefined;
    if (exchange) this.#exchanges.delete(pdu.seqNum);
    this.#events.onPdu(pdu);
    exchange?.onAnswer(pdu.body);
  }

  #beat(): void {
    if (this.#heard) {
      this.#heard = false;
      this.post(Commands.OtherHeartbeat, {});
      return;
    }
    this.#ended('the connection is dead: a heartbeat was not answered');
    this.#transport.destroy();
  }

  #ended(reason: string, cause?: unknown): void {
    this.#finish(new ClientError('disconnected', reason, { cause }));
  }

  #finish(error: ClientError): void {
    if (this.#end) return;
    this.#end = error;
    clearInterval(this.#heartbeat);
    const lost = [...this.#exchanges.values()];
    this.#exchanges.clear();
    this.#events.onEnd(error);
    for (const exchange of lost) exchange.onLost(error);
  }
}
