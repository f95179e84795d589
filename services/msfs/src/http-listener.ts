import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeServer, type Kit, listen } from '@teamtalk/service-kit';
import type { MsfsConfig } from './config.js';
import { uploadImage } from './handlers/upload-image.js';

const stopPatienceMs = 5_000;
const json = 'application/json; charset=utf-8';
const text = 'text/plain; charset=utf-8';

/**
 * Serves uploads (`POST /`) and images (`GET /g0/...`), as far as there are any: none yet.
 * @returns the port it listens on; stopping is registered in the kit's lifecycle
 */
export async function startHttpListener(
  { health, life, log, metrics }: Kit,
  { listen: where, limits, requestTimeoutMs }: MsfsConfig,
): Promise<number> {
  const requests = metrics.counter('http_requests_total', 'HTTP requests answered', ['route', 'status']);
  const broken = metrics.counter('http_broken_total', 'Requests whose client went away before their end');
  const refused = metrics.counter('http_refused_total', 'Connections above the maximum');

  const answer = (response: ServerResponse, route: string, status: number, type: string, body: string) => {
    requests.inc({ route, status });
    // After draining has begun nobody is kept; neither is who has not read to the end of his upload.
    if (health.draining || status === 413) response.shouldKeepAlive = false;
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  };

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?')[0] ?? '';
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (path === '/' && request.method === 'POST') {
      uploadImage(request, limits.uploadBytes).then(
        ({ status, body }) => answer(response, 'upload', status, json, body),
        (error: unknown) => {
          broken.inc();
          log.debug({ err: error }, 'an upload broke off');
        },
      );
    } else if (path.startsWith('/g0/') && reads) {
      answer(response, 'image', 404, text, 'not found\n');
    } else if (path === '/' || path.startsWith('/g0/')) {
      response.setHeader('allow', path === '/' ? 'POST' : 'GET, HEAD');
      answer(response, path === '/' ? 'upload' : 'image', 405, text, 'method not allowed\n');
    } else {
      answer(response, 'unknown', 404, text, 'not found\n');
    }
  };

  const server = createServer(
    {
      headersTimeout: Math.min(10_000, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
      keepAliveTimeout: 30_000,
    },
    serve,
  );
  server.maxConnections = limits.connections;
  server.on('drop', () => refused.inc());
  await listen(server, where);
  life.onStop('HTTP', async () => {
    const patience = setTimeout(() => server.closeAllConnections(), stopPatienceMs);
    await closeServer(server);
    clearTimeout(patience);
  });
  return (server.address() as AddressInfo).port;
}
