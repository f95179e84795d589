import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limitByAddress } from '@teamtalk/net';
import {
  answerBrokenRequests,
  closeQueuedResponses,
  closeServer,
  type Kit,
  listen,
  traceRequests,
} from '@teamtalk/service-kit';
import type { MsfsConfig } from '../config.js';
import { refusals, refusalText, sendRefusal } from './refusals.js';
import { routeOf } from './route.js';
import { uploadType } from './send-json.js';

const stopTimeoutMs = 5_000;

/**
 * Serves HTTP. A request has to arrive within one time limit, and there has to be progress within another, so that neither
 * slow uploads nor slow downloads hold a connection for ever. Invalid or late requests are answered in JSON, like every
 * refusal.
 * @returns the bound port; its stop is registered in the kit's lifecycle
 */
export async function startHttpListener(
  { clientLog, life, keepAliveGraceMs, metrics, tracing }: Kit,
  config: Pick<MsfsConfig, 'listen' | 'addressLimits' | 'trustedProxies' | 'limits' | 'timeouts'>,
  serve: RequestListener,
): Promise<number> {
  const refused = metrics.counter('http_refused_total', 'Invalid connections and requests, by reason', [
    'reason',
  ]);
  const { listen: where, addressLimits, trustedProxies, limits, timeouts } = config;
  const { requestMs, idleMs } = timeouts;
  const limited = limitByAddress(
    {
      ...addressLimits,
      trustedProxies,
      total: limits.connections,
      refused: { inc: () => refused.inc({ reason: 'address' }) },
      clientLog,
    },
    serve,
    (_request, response) => sendRefusal(response, refusals.tooMany),
  );
  const server = createServer(
    {
      headersTimeout: Math.min(10_000, requestMs),
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(1_000, requestMs),
      keepAliveTimeout: 30_000,
    },
    traceRequests(tracing, limited.serve, ({ req }) => routeOf(req)),
  );
  server.timeout = idleMs;
  server.maxConnections = limits.connections;
  limited.attach(server);
  closeQueuedResponses(server);
  server.on('drop', () => refused.inc({ reason: 'too_many_connections' }));
  // An upload that will be refused is answered before its content is sent.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  answerBrokenRequests(server, {
    onRefused: (reason) => refused.inc({ reason }),
    bodyOf: (status) => refusalText(status === 408 ? refusals.tooSlow : refusals.badRequest),
    contentType: uploadType,
  });
  await listen(server, where);
  life.onStop('HTTP', async () => {
    const cutOff = setTimeout(() => server.closeAllConnections(), keepAliveGraceMs + stopTimeoutMs);
    await closeServer(server, keepAliveGraceMs);
    clearTimeout(cutOff);
  });
  return (server.address() as AddressInfo).port;
}
