import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { closeServer } from './close-server.js';
import type { Health } from './health.js';
import type { Metrics } from './metrics.js';
import { sourceNetwork } from './source-network.js';

/** Maximum connections in total, and per address (per /64 for IPv6). A probe or scrape needs one. */
const maxConnections = 256;
const maxPerAddress = 64;
/** Deadline for a whole request to arrive, milliseconds. */
const requestMs = 5_000;

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
  const refused = metrics.counter(
    'ops_connections_refused_total',
    'Refused connections to the health and metrics port: too many in total, or from their address',
  );
  const timeouts = {
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: 1_000,
  };
  const server = createServer(timeouts, (request, response) => {
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
  server.maxConnections = maxConnections;
  server.on('drop', () => refused.inc());
  limitByAddress(server, () => refused.inc());
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

function limitByAddress(server: Server, refused: () => void): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const network = sourceNetwork(socket.remoteAddress ?? '');
    const count = counts.get(network) ?? 0;
    if (count >= maxPerAddress) {
      refused();
      socket.destroy();
      return;
    }
    counts.set(network, count + 1);
    socket.once('close', () => {
      const left = (counts.get(network) ?? 1) - 1;
      if (left > 0) counts.set(network, left);
      else counts.delete(network);
    });
  });
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
