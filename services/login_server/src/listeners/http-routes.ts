import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HttpListenerOptions, type Origins, preflightHeaders, startHttpListener } from '@teamtalk/net';
import { type Kit, traceRequests } from '@teamtalk/service-kit';

/** Returns a route's response: JSON, status 200. Must be quick and must not throw. */
export type HttpHandler = () => Buffer;

export interface RoutesOptions
  extends Pick<
    HttpListenerOptions,
    'listen' | 'tls' | 'maxConnections' | 'addressLimits' | 'trustedProxies' | 'requestMs'
  > {
  corsOrigins: Origins;
}

/** Maximum size of request line and headers, bytes; the original refused requests above 1 KiB. */
const maxHeaderSize = 8 * 1024;
/** Deadline for responses once the service stops, milliseconds. They are immediate, so later connections are idle. */
const answerMs = 500;
const failures = { 404: 'not found', 405: 'method not allowed', 429: 'too many requests' } as const;

// JSON labelled as HTML, as in the original: some iOS builds accept no other type.
const contentType = 'text/html;charset=utf-8';

/**
 * Serves `GET` (and `HEAD`) for a few paths, also to web pages of the configured origins. Uses node:http without a
 * framework, because every client makes a request here, and after an outage all of them at once.
 * @returns the port it listens on
 */
export async function startRoutes(
  kit: Kit,
  options: RoutesOptions,
  routes: ReadonlyMap<string, HttpHandler>,
): Promise<number> {
  const requests = kit.metrics.counter('http_requests_total', 'HTTP requests answered, by status', [
    'route',
    'status',
  ]);

  const corsOf = ({ headers }: IncomingMessage) => options.corsOrigins.corsHeaders(headers.origin);

  const fail = (response: ServerResponse, status: keyof typeof failures, route: string, headers = {}) => {
    requests.inc({ route, status });
    response.writeHead(status, { 'content-type': 'text/plain', ...corsOf(response.req), ...headers });
    response.end(`${failures[status]}\n`);
  };

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request);
    const handler = routes.get(path);
    if (!handler) {
      fail(response, 404, 'unknown');
    } else if (request.method === 'OPTIONS' && options.corsOrigins.allows(request.headers.origin)) {
      requests.inc({ route: path, status: 204 });
      response.writeHead(204, { ...corsOf(request), ...preflightHeaders('GET') }).end();
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      fail(response, 405, path, { allow: 'GET, HEAD' });
    } else {
      const body = handler();
      requests.inc({ route: path, status: 200 });
      response.writeHead(200, {
        'content-type': contentType,
        'content-length': body.length,
        'cache-control': 'no-store',
        ...corsOf(request),
      });
      response.end(body);
    }
  };

  return startHttpListener(
    kit,
    {
      ...options,
      answerMs,
      maxHeaderSize,
      refuse: (request, response) =>
        fail(response, 429, routes.has(pathOf(request)) ? pathOf(request) : 'unknown'),
    },
    traceRequests(kit.tracing, serve, ({ req }) => (routes.has(pathOf(req)) ? pathOf(req) : undefined)),
  );
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
