import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AddressLimits, limitByAddress, type Networks } from '@teamtalk/net';
import {
  answerBrokenRequests,
  closeQueuedResponses,
  closeServer,
  type Kit,
  listen,
  traceRequests,
} from '@teamtalk/service-kit';

/** Returns a route's response: JSON, status 200. Must be quick and must not throw. */
export type HttpHandler = () => Buffer;

export interface HttpListenerOptions {
  host: string;
  port: number;
  maxConnections: number;
  addressLimits: AddressLimits;
  trustedProxies: Networks;
  /** ms within which a whole request must arrive */
  requestTimeoutMs: number;
}

/** Bytes of request line and headers together; the original refused requests above 1 KiB. */
const maxHeaderSize = 8 * 1024;
const keepAliveMs = 30_000;
const stopTimeoutMs = 1_000;
const failures = { 404: 'not found', 405: 'method not allowed', 429: 'too many requests' } as const;

// As the original: JSON labelled as HTML. Some iOS builds accept no other type.
const contentType = 'text/html;charset=utf-8';

/**
 * Serves `GET` (and `HEAD`) for a few paths. Plain node:http, because every client passes here, and all of them at once
 * after an outage.
 * @returns the bound port; its stop is registered in the kit's lifecycle
 */
export async function startHttpListener(
  { clientLog, life, keepAliveGraceMs, metrics, health, tracing }: Kit,
  options: HttpListenerOptions,
  routes: ReadonlyMap<string, HttpHandler>,
): Promise<number> {
  const requests = metrics.counter('http_requests_total', 'HTTP requests answered, by status', [
    'route',
    'status',
  ]);
  const refused = metrics.counter('http_refused_total', 'Invalid connections and requests, by reason', [
    'reason',
  ]);

  const fail = (response: ServerResponse, status: keyof typeof failures, route: string, headers = {}) => {
    requests.inc({ route, status });
    response.writeHead(status, { 'content-type': 'text/plain', ...headers });
    response.end(`${failures[status]}\n`);
  };

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request);
    // No keep-alive once draining has begun: it would delay the shutdown.
    if (health.draining) response.shouldKeepAlive = false;
    const handler = routes.get(path);
    if (!handler) {
      fail(response, 404, 'unknown');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      fail(response, 405, path, { allow: 'GET, HEAD' });
    } else {
      const body = handler();
      requests.inc({ route: path, status: 200 });
      response.writeHead(200, {
        'content-type': contentType,
        'content-length': body.length,
        'cache-control': 'no-store',
      });
      response.end(body);
    }
  };

  const limited = limitByAddress(
    {
      ...options.addressLimits,
      trustedProxies: options.trustedProxies,
      total: options.maxConnections,
      refused: { inc: () => refused.inc({ reason: 'address' }) },
      clientLog,
    },
    serve,
    (request, response) => fail(response, 429, routes.has(pathOf(request)) ? pathOf(request) : 'unknown'),
  );
  const server = createServer(
    {
      maxHeaderSize,
      keepAliveTimeout: keepAliveMs,
      headersTimeout: options.requestTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, options.requestTimeoutMs),
    },
    traceRequests(tracing, limited.serve, ({ req }) => (routes.has(pathOf(req)) ? pathOf(req) : undefined)),
  );
  server.maxConnections = options.maxConnections;
  limited.attach(server);
  closeQueuedResponses(server);
  server.on('drop', () => refused.inc({ reason: 'too_many_connections' }));
  answerBrokenRequests(server, { onRefused: (reason) => refused.inc({ reason }) });
  await listen(server, options);
  life.onStop('HTTP', async () => {
    // Responses are immediate: a connection still open after this has sent no request.
    const cutOff = setTimeout(() => server.closeAllConnections(), keepAliveGraceMs + stopTimeoutMs);
    await closeServer(server, keepAliveGraceMs);
    clearTimeout(cutOff);
  });
  return (server.address() as AddressInfo).port;
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
