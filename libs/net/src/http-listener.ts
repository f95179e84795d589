import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  answerBrokenRequests,
  closeQueuedResponses,
  closeServer,
  type Kit,
  listen,
} from '@teamtalk/service-kit';
import type { AddressLimits } from './address-limit.js';
import { limitByAddress } from './http-addresses.js';
import { createHttpServer, openHttpTls } from './http-server.js';
import type { Networks } from './networks.js';
import type { TlsFiles } from './tls-config.js';

export interface HttpListenerOptions {
  listen: { host: string; port: number };
  tls: TlsFiles | undefined;
  maxConnections: number;
  addressLimits: AddressLimits;
  trustedProxies: Networks;
  /** deadline for a whole request to arrive, milliseconds */
  requestMs: number;
  /** deadline for its headers to arrive, milliseconds; default: `requestMs` */
  headersMs?: number;
  /** idle time after which a connection is closed, milliseconds; default: only the deadlines above apply */
  idleMs?: number;
  /** deadline for the response once the request has arrived, milliseconds */
  answerMs: number;
  /** maximum size of request line and headers, bytes; default: 16 KiB */
  maxHeaderSize?: number;
  /** whether `serve` also gets requests with `Expect: 100-continue`, before their body is sent */
  checksContinue?: boolean;
  /** the response body for a malformed (400, 431) or late (408) request; default: none */
  brokenBody?: (status: number) => string;
  /** content type of that body; default: JSON */
  brokenType?: string;
  /** responds to a proxy's request when the client it is forwarded for has too many in flight */
  refuse: (request: IncomingMessage, response: ServerResponse) => void;
  /** takes over the connection of a request to upgrade it; left out: such requests are served like others */
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/**
 * Serves HTTP, or HTTPS. Malformed and late requests also get a response. The kit's lifecycle stops it after the last
 * response.
 * @returns the port it listens on
 * @throws Error when the certificate cannot be read, or the port is taken
 */
export async function startHttpListener(
  kit: Kit,
  options: HttpListenerOptions,
  serve: RequestListener,
): Promise<number> {
  const { clientLog, health, life, keepAliveGraceMs, metrics } = kit;
  const refused = metrics.counter('http_refused_total', 'Invalid connections and requests, by reason', [
    'reason',
  ]);
  const { addressLimits, trustedProxies, maxConnections, requestMs, headersMs = requestMs } = options;
  const limited = limitByAddress(
    {
      ...addressLimits,
      trustedProxies,
      total: maxConnections,
      refused: { inc: () => refused.inc({ reason: 'address' }) },
      clientLog,
    },
    (request, response) => {
      // No keep-alive once draining has begun: it would delay the shutdown.
      if (health.draining) response.shouldKeepAlive = false;
      serve(request, response);
    },
    options.refuse,
  );
  const server = createHttpServer(
    await openHttpTls(options.tls, kit),
    {
      ...(options.maxHeaderSize && { maxHeaderSize: options.maxHeaderSize }),
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(500, headersMs),
      keepAliveTimeout: 30_000,
    },
    limited.serve,
  );
  server.timeout = options.idleMs ?? 0;
  server.maxConnections = maxConnections;
  limited.attach(server);
  const { upgrade } = options;
  if (upgrade) {
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      if (limited.admitsUpgrade(request, socket)) upgrade(request, socket, head);
      else socket.destroy();
    });
  }
  closeQueuedResponses(server);
  server.on('drop', () => refused.inc({ reason: 'too_many_connections' }));
  if (options.checksContinue) {
    server.on('checkContinue', (request, response) => server.emit('request', request, response));
  }
  answerBrokenRequests(server, {
    onRefused: (reason) => refused.inc({ reason }),
    ...(options.brokenBody && { bodyOf: options.brokenBody }),
    ...(options.brokenType && { contentType: options.brokenType }),
  });
  await listen(server, options.listen);
  life.onStop('HTTP', async () => {
    // By then every request that has arrived has got its response.
    const forceClose = setTimeout(
      () => server.closeAllConnections(),
      keepAliveGraceMs + options.answerMs + 500,
    );
    await closeServer(server, keepAliveGraceMs);
    clearTimeout(forceClose);
  });
  return (server.address() as AddressInfo).port;
}
