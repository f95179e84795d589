import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { answerMs, NotSent } from './provider.js';
import { trusting } from './trusting.js';
import { tunnel } from './tunnel.js';

export interface HttpsAnswer {
  status: number;
  body: string;
  /** milliseconds; undefined: none, or a date that has passed */
  retryAfterMs: number | undefined;
  location: string;
}

export interface HttpsClientOptions {
  /** authorities in PEM in place of the system's; undefined: the system's */
  ca: string | undefined;
  /** HTTP proxy; undefined: none */
  proxy?: URL | undefined;
  /** unix milliseconds */
  now?: (() => number) | undefined;
  /** how long the proxy may take to connect, milliseconds; 5 s when left out */
  answerMs?: number | undefined;
}

/** Longest answer that is kept, bytes; of a longer one the beginning. */
const maxBody = 16_384;
/** Most connections to one host, and so most requests to it at once: a further one would wait, and could come too late. */
export const maxSockets = 200;
const idleMs = 60_000;

class IdleConnectionClosed extends Error {}

/** Opens connections through a proxy. */
class TunnelAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #answerMs: number;

  constructor(proxy: URL, ms: number, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#answerMs = ms;
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const target = { hostname: String(options.host), port: String(options.port) };
    tunnel(this.#proxy, target, this.#answerMs).then(
      (socket) => callback?.(null, tls.connect({ ...(options as tls.ConnectionOptions), socket })),
      // On an error there is no stream.
      (error: Error) => callback?.(error, undefined as never),
    );
    return undefined;
  }
}

/** POSTs over kept-alive connections. It follows no redirects. */
export class HttpsClient {
  readonly #agent: https.Agent;
  readonly #now: () => number;

  constructor({ ca, proxy, now = Date.now, answerMs: ms = answerMs }: HttpsClientOptions) {
    this.#now = now;
    const options = { keepAlive: true, maxSockets, timeout: idleMs, ...trusting(ca) };
    this.#agent = proxy ? new TunnelAgent(proxy, ms, options) : new https.Agent(options);
  }

  /**
   * @throws Error when the connection breaks before the answer has ended, or it has not ended within `ms`; NotSent if
   * until then there was no connection for it
   */
  async post(url: URL, headers: Record<string, string>, body: Buffer, ms: number): Promise<HttpsAnswer> {
    const end = performance.now() + ms;
    try {
      return await this.#attempt(url, headers, body, ms);
    } catch (error) {
      // The other end has closed an idle connection just then.
      if (!(error instanceof IdleConnectionClosed)) throw error;
      return this.#attempt(url, headers, body, Math.max(1, end - performance.now()));
    }
  }

  #attempt(url: URL, headers: Record<string, string>, body: Buffer, ms: number): Promise<HttpsAnswer> {
    return new Promise((resolve, reject) => {
      const request = https.request(url, {
        method: 'POST',
        agent: this.#agent,
        headers: { ...headers, 'content-length': String(body.length) },
      });
      const timer = setTimeout(() => {
        const sent = request.writableFinished;
        request.destroy(
          sent ? new Error(`no answer within ${ms} ms`) : new NotSent(`not sent within ${ms} ms`),
        );
      }, ms);
      const fail = (error: Error & { code?: string }) => {
        clearTimeout(timer);
        const idle = request.reusedSocket && error.code === 'ECONNRESET';
        reject(idle ? new IdleConnectionClosed(error.message, { cause: error }) : error);
      };
      request.on('error', fail);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          if (bytes < maxBody) chunks.push(chunk);
          bytes += chunk.length;
        });
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(timer);
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
            retryAfterMs: this.#retryAfter(response.headers['retry-after']),
            location: response.headers.location ?? '',
          });
        });
      });
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Seconds, or a date. */
  #retryAfter(value: string | undefined): number | undefined {
    if (value === undefined) return undefined;
    const seconds = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - this.#now();
    return seconds >= 0 ? seconds : undefined;
  }
}
