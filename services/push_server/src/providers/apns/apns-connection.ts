import http2, { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import tls from 'node:tls';
import { NotSent } from '../provider.js';
import { trusting } from '../trusting.js';
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
  readonly #trust: ReturnType<typeof trusting>;
  readonly #connectMs: number;
  #session: ClientHttp2Session | undefined;
  #opening: Promise<ClientHttp2Session> | undefined;
  #closed = false;

  /** @param connectMs longest time until APNs says how many streams it allows, with which a connection begins */
  constructor(server: ApnsServer, connectMs: number) {
    this.#server = server;
    this.#trust = trusting(server.ca);
    this.#connectMs = connectMs;
  }

  /**
   * @throws NotSent when APNs cannot have received it; Error when the connection breaks before the answer, or there is none
   * within `ms`
   */
  async request(headers: Record<string, string>, payload: Buffer, ms: number): Promise<ApnsAnswer> {
    const end = performance.now() + ms;
    const session = await within(this.#open(), ms);
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
        // It still waits for one of the streams that APNs allows, which says nothing about the connection.
        if (stream.state.state === constants.NGHTTP2_STREAM_STATE_IDLE) {
          reject(new NotSent(`no stream within ${ms} ms`));
          stream.close(constants.NGHTTP2_CANCEL);
          return;
        }
        reject(new Error(`no answer within ${ms} ms`));
        this.#abandon(session);
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
  #open(): Promise<ClientHttp2Session> {
    if (this.#opening) return this.#opening;
    const session = this.#session;
    if (session && !session.closed && !session.destroyed) return Promise.resolve(session);
    this.#opening = this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<ClientHttp2Session> {
    const end = performance.now() + this.#connectMs;
    const { origin, proxy } = this.#server;
    const options = this.#trust;
    const { hostname, port } = new URL(origin);
    const socket = proxy && (await tunnel(proxy, { hostname, port }, this.#connectMs));
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
    await opened(session, Math.max(1, Math.ceil(end - performance.now())));
    return session;
  }

  #abandon(session: ClientHttp2Session): void {
    if (this.#session === session) this.#session = undefined;
    // Without closing it before, which would leave the socket open until the other end closes it.
    session.destroy();
  }

  #replace(session: ClientHttp2Session): void {
    if (this.#session === session) this.#session = undefined;
    if (!session.closed) session.close();
  }
}

/** Waits until a session is connected, and APNs has said how many streams it allows; gives it up after `ms`. */
function opened(session: ClientHttp2Session, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no connection within ${ms} ms`));
      session.destroy();
    }, ms);
    session.once('remoteSettings', () => {
      clearTimeout(timer);
      resolve();
    });
    session.once('error', reject);
    session.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection broke'));
    });
  });
}

/** @throws NotSent when there is no connection, or none within `ms` */
function within(opening: Promise<ClientHttp2Session>, ms: number): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const fail = ({ message }: Error) => {
      clearTimeout(timer);
      reject(new NotSent(message));
    };
    const timer = setTimeout(() => fail(new Error(`no connection within ${ms} ms`)), ms);
    opening.then((session) => {
      clearTimeout(timer);
      resolve(session);
    }, fail);
  });
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
