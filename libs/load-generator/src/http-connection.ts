import { connect, type Socket } from 'node:net';
import type { Endpoint } from './connection.js';

const headEnd = Buffer.from('\r\n\r\n');

/** Handles an answer; `body` is valid during the call only. Status 0: the connection broke first. */
type HttpAnswer = (connection: HttpConnection, status: number, body: Buffer) => void;

/** A keep-alive connection that sends requests as prepared bytes, one after the other. */
class HttpConnection {
  busy = false;
  readonly #endpoint: Endpoint;
  readonly #answer: HttpAnswer;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);

  constructor(endpoint: Endpoint, answer: HttpAnswer) {
    this.#endpoint = endpoint;
    this.#answer = answer;
  }

  /** Sends a request, over a new connection when there is none. */
  send(request: Buffer): void {
    this.busy = true;
    this.#socket ??= this.#open();
    this.#socket.write(request);
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }

  #open(): Socket {
    const socket = connect({ ...this.#endpoint, noDelay: true });
    this.#received = Buffer.alloc(0);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      if (this.busy) this.#finish(0, Buffer.alloc(0));
    });
    return socket;
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const at = this.#received.indexOf(headEnd);
    if (at < 0) return;
    const head = this.#received.toString('latin1', 0, at);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const bodyStart = at + headEnd.length;
    if (this.#received.length < bodyStart + length) return;
    const body = this.#received.subarray(bodyStart, bodyStart + length);
    this.#received = Buffer.alloc(0);
    if (/^connection: *close/im.test(head)) this.close();
    this.#finish(Number(head.slice(9, 12)), body);
  }

  #finish(status: number, body: Buffer): void {
    this.busy = false;
    this.#answer(this, status, body);
  }
}

/** A pool of connections; a request waits while all are busy. */
export class HttpClients {
  readonly #free: HttpConnection[];
  readonly #all: readonly HttpConnection[];
  readonly #waiting: { request: Buffer; tag: number }[] = [];
  readonly #tags = new Map<HttpConnection, number>();
  readonly #reuse: boolean;
  readonly #answered: (tag: number, status: number, body: Buffer) => void;

  /**
   * @param reuse false: a new connection for each request
   * @param answered with the tag the request was sent with
   */
  constructor(
    endpoint: Endpoint,
    count: number,
    reuse: boolean,
    answered: (tag: number, status: number, body: Buffer) => void,
  ) {
    this.#reuse = reuse;
    this.#answered = answered;
    this.#all = Array.from({ length: count }, () => new HttpConnection(endpoint, this.#done));
    this.#free = [...this.#all];
  }

  get hasFree(): boolean {
    return this.#free.length > 0;
  }

  send(request: Buffer, tag: number): void {
    const connection = this.#free.pop();
    if (!connection) {
      this.#waiting.push({ request, tag });
      return;
    }
    this.#tags.set(connection, tag);
    connection.send(request);
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  readonly #done: HttpAnswer = (connection, status, body) => {
    const tag = this.#tags.get(connection)!;
    if (!this.#reuse) connection.close();
    this.#free.push(connection);
    const next = this.#waiting.shift();
    if (next) this.send(next.request, next.tag);
    this.#answered(tag, status, body);
  };
}

/** The bytes of a request. @param body undefined: a GET */
export function httpRequest(path: string, { host, port }: Endpoint, body?: Buffer): Buffer {
  const head = [
    `${body ? 'POST' : 'GET'} ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    ...(body ? ['Content-Type: application/json', `Content-Length: ${body.length}`] : []),
    '\r\n',
  ].join('\r\n');
  return body ? Buffer.concat([Buffer.from(head), body]) : Buffer.from(head);
}
