import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  { life, keepAliveGraceMs, metrics }: Kit,
  options: HttpListenerOptions,
  serve: RequestListener,
): Promise<number> {
  const refused = metrics.counter('http_refused_total', 'Invalid connections and requests, by reason', [
    'reason',
  ]);
  const server = createServer(
    {
      headersTimeout: options.requestMs,
      requestTimeout: options.requestMs,
      connectionsCheckingInterval: Math.min(500, options.requestMs),
      keepAliveTimeout: 30_000,
    },
    serve,
  );
  server.maxConnections = options.maxConnections;
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
