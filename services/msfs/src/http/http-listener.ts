import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeServer, type Kit, listen, traceRequests } from '@teamtalk/service-kit';
import type { MsfsConfig } from '../config.js';
import { routeOf } from './route.js';

const stopPatienceMs = 5_000;

/**
 * Serves HTTP. A request has to arrive within one time limit, and something has to move within another, so
 * that neither slow uploads nor slow downloads hold a connection for ever.
 * @returns the port it listens on; stopping is registered in the kit's lifecycle
 */
export async function startHttpListener(
  { life, keptMs, metrics, tracing }: Kit,
  { listen: where, limits, timeouts }: Pick<MsfsConfig, 'listen' | 'limits' | 'timeouts'>,
  serve: RequestListener,
): Promise<number> {
  const refused = metrics.counter('http_refused_total', 'Connections above the maximum');
  const { requestMs, idleMs } = timeouts;
  const traced = traceRequests(tracing, serve, ({ req }) => routeOf(req));
  const server = createServer(
    {
      headersTimeout: Math.min(10_000, requestMs),
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(1_000, requestMs),
      keepAliveTimeout: 30_000,
    },
    traced,
  );
  server.timeout = idleMs;
  server.maxConnections = limits.connections;
  server.on('drop', () => refused.inc());
  // An upload is answered before its content is sent where it is refused anyway.
  server.on('checkContinue', traced);
  await listen(server, where);
  life.onStop('HTTP', async () => {
    const patience = setTimeout(() => server.closeAllConnections(), keptMs + stopPatienceMs);
    await closeServer(server, keptMs);
    clearTimeout(patience);
  });
  return (server.address() as AddressInfo).port;
}
