import http2, { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import tls from 'node:tls';
import { tunnel } from '../tunnel.js';
import type { ApnsAnswer } from './apns-answer.js';

export interface ApnsServer {
  /** https://api.push.apple.com, or https://api.sandbox.push.apple.com for builds that Xcode installs */
  origin: string;
  /** authorities in PEM in place of the system's; undefined: the system's */
  ca: string | undefined;
  /** HTTP proxy; undefined: none */
  proxy?: URL | undefined;
}

/** Longest answer that is kept, characters. */
const maxBody = 2_000;

/**
 * One HTTP/2 connection to APNs, opened when it is needed. It is replaced when APNs sends GOAWAY, breaks it, or
 * leaves a request without an answer: the other end may be gone without a word. Node holds back requests beyond the number
 * of streams that APNs allows.
 */
export class ApnsConnection {
  readonly #server: ApnsServer;
  #session: ClientHttp2Session | undefined;
  #opening: Promise<ClientHttp2Session> | undefined;
  #closed = false;

  constructor(server: ApnsServer) {
    this.#server = server;
  }

  /** @throws Error when the connection breaks before the answer, or there is none within `ms` */
  async request(headers: Record<string, string>, payload: Buffer, ms: number): Promise<ApnsAnswer> {
    const end = performance.now() + ms;
    const session = await this.#open(ms);
    return this.#ask(session, headers, payload, Math.max(1, Math.ceil(end - performance.now())));
  }

  #ask(
    session: ClientHttp2Session,
    headers: Record<string, string>,
    payload: Buffer,
    ms: number,
  ): Promise<ApnsAnswer> {
    return new Promise((resolve, reject) => {
      const stream = session.request({ ':method': 'POST', ...headers }, { endStream: false });
      const timer = setTimeout(() => {
        reject(new Error(`no answer within ${ms} ms`));
        // One that waits for its turn says nothing about the connection.
        if (stream.pending) stream.close(constants.NGHTTP2_CANCEL);
        else this.#abandon(session);
      }, ms);
      const settle = <T>(finish: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          finish(value);
        };
      };
      answerOf(stream).then(settle(resolve), settle(reject));
      stream.end(payload);
    });
  }

  close(): void {
    this.#closed = true;
    this.#session?.destroy();
    this.#session = undefined;
  }

  /** Opens a connection, shared by all requests that wait for it. */
  async #open(ms: number): Promise<ClientHttp2Session> {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    this.#opening ??= this.#connect(ms).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(ms: number): Promise<ClientHttp2Session> {
    const { origin, ca, proxy } = this.#server;
    const options = ca === undefined ? {} : { ca };
    const { hostname, port } = new URL(origin);
    const socket = proxy && (await tunnel(proxy, { hostname, port }, ms));
    if (this.#closed) {
      socket?.destroy();
      throw new Error('the connection is closed');
    }
    const session = http2.connect(origin, {
      ...options,
      ...(socket && {
        createConnection: () =>
          tls.connect({ ...options, socket, servername: hostname, ALPNProtocols: ['h2'] }),
      }),
    });
    this.#session = session;
    const replace = () => this.#replace(session);
    // Each request reports the failure by itself.
    session.on('error', replace);
    session.on('goaway', replace);
    session.on('close', replace);
    // An idle connection does not keep the process alive.
    session.on('connect', () => session.socket.unref());
    return session;
  }

  #abandon(session: ClientHttp2Session): void {
    this.#replace(session);
    session.destroy();
  }

  #replace(session: ClientHttp2Session): void {
    if (this.#session === session) this.#session = undefined;
    if (!session.closed) session.close();
  }
}

function answerOf(stream: ClientHttp2Stream): Promise<ApnsAnswer> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let apnsId = '';
    let retryAfter: number | undefined;
    let body = '';
    stream.setEncoding('utf8');
    stream.on('response', (headers) => {
      status = Number(headers[constants.HTTP2_HEADER_STATUS]);
      apnsId = String(headers['apns-id'] ?? '');
      const seconds = Number(headers['retry-after'] ?? Number.NaN);
      if (Number.isFinite(seconds) && seconds >= 0) retryAfter = seconds;
    });
    stream.on('data', (text: string) => {
      if (body.length < maxBody) body += text.slice(0, maxBody - body.length);
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (status === 0) reject(new Error('the connection broke'));
      else resolve({ status, body, apnsId, retryAfter });
    });
  });
}
