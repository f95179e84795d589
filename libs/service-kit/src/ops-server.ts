import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeServer } from './close-server.js';
import type { Health } from './health.js';
import type { Metrics } from './metrics.js';

export interface OpsServer {
  readonly port: number;
  stop(): Promise<void>;
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}

/**
 * Serves `/livez`, `/readyz` (503 while not ready; names each dependency), `/metrics`, and `/metrics/reference`: the
 * description of each metric as JSON, including those without a value yet.
 */
export async function startOpsServer(
  where: { host: string; port: number },
  health: Health,
  metrics: Metrics,
): Promise<OpsServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answer(response, 405, 'text/plain', 'method not allowed\n');
      return;
    }
    switch (request.url?.split('?')[0]) {
      case '/livez':
        answer(response, 200, 'application/json', '{"alive":true}\n');
        return;
      case '/readyz': {
        const report = health.report();
        answer(response, report.ready ? 200 : 503, 'application/json', `${JSON.stringify(report)}\n`);
        return;
      }
      case '/metrics':
        metrics.registry.metrics().then(
          (text) => answer(response, 200, metrics.registry.contentType, text),
          (error: unknown) => answer(response, 500, 'text/plain', `${String(error)}\n`),
        );
        return;
      case '/metrics/reference':
        answer(response, 200, 'application/json', `${JSON.stringify(metrics.definitions())}\n`);
        return;
      default:
        answer(response, 404, 'text/plain', 'not found\n');
    }
  });
  await listen(server, where);
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      const closed = closeServer(server);
      // Do not wait for idle connections; this may cut off a scrape in flight.
      server.closeAllConnections();
      return closed;
    },
  };
}

/** Listens; resolves when bound, rejects when the address cannot be bound. */
export function listen(
  server: import('node:net').Server,
  { host, port }: { host: string; port: number },
  backlog = 511,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
