import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AddressLimits, limitByAddress, type Networks } from '@teamtalk/net';
import {
  answerBrokenRequests,
  closeQueuedResponses,
  closeServer,
  type Kit,
  listen,
} from '@teamtalk/service-kit';
import { ErrorCode, legacyAnswer } from './legacy/legacy-answer.js';

export interface HttpListenerOptions {
  host: string;
  port: number;
  maxConnections: number;
  addressLimits: AddressLimits;
  trustedProxies: Networks;
  /** milliseconds a whole request has to arrive */
  requestMs: number;
  /** milliseconds the response may take after that */
  answerMs: number;
}

/**
 * Serves HTTP. Malformed or late requests get a JSON response, too. The kit's lifecycle stops it after the last
 * response.
 * @returns the port it listens on
 */
export async function startHttpListener(
  { clientLog, life, keepAliveGraceMs, metrics }: Kit,
  options: HttpListenerOptions,
  serve: RequestListener,
): Promise<number> {
  const refused = metrics.counter('http_refused_total', 'Invalid connections and requests, by reason', [
    'reason',
  ]);
  const { addressLimits, trustedProxies, maxConnections } = options;
  const limited = limitByAddress(
    {
      ...addressLimits,
      trustedProxies,
      total: maxConnections,
      refused: { inc: () => refused.inc({ reason: 'address' }) },
      clientLog,
    },
    serve,
    refuseForwarded,
  );
  const server = createServer(
    {
      headersTimeout: options.requestMs,
      requestTimeout: options.requestMs,
      connectionsCheckingInterval: Math.min(500, options.requestMs),
      keepAliveTimeout: 30_000,
    },
    limited.serve,
  );
  server.maxConnections = maxConnections;
  limited.attach(server);
  closeQueuedResponses(server);
  server.on('drop', () => refused.inc({ reason: 'too_many_connections' }));
  answerBrokenRequests(server, {
    onRefused: (reason) => refused.inc({ reason }),
    bodyOf: () => legacyAnswer(ErrorCode.BAD_PARAMETER),
  });
  await listen(server, options);
  life.onStop('HTTP', async () => {
    // By then every request that had arrived has been answered.
    const forceClose = setTimeout(
      () => server.closeAllConnections(),
      keepAliveGraceMs + options.answerMs + 500,
    );
    await closeServer(server, keepAliveGraceMs);
    clearTimeout(forceClose);
  });
  return (server.address() as AddressInfo).port;
}

/** Answers a request of a proxy whose client has too many in flight. */
function refuseForwarded({ url = '' }: IncomingMessage, response: ServerResponse): void {
  response.writeHead(url.startsWith('/v1/') ? 429 : 200, {
    'content-type': 'application/json; charset=utf-8',
    'retry-after': '1',
    connection: 'close',
  });
  response.end(legacyAnswer(ErrorCode.SERVER_ERROR));
}
