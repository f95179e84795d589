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
  /** ms for the whole of a request to arrive */
  requestMs: number;
  /** ms an answer may take after that */
  answerMs: number;
}

/**
 * Serves HTTP. What is no HTTP request, or does not arrive in time, gets an answer with a JSON body, too.
 * @returns the port it listens on; stopping (after the last answer) is registered in the kit's lifecycle
 */
export async function startHttpListener(
  { life, keptMs, metrics }: Kit,
  options: HttpListenerOptions,
  serve: RequestListener,
): Promise<number> {
  const refused = metrics.counter('http_refused_total', 'Connections and requests that were not understood', [
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
    // By then every request that had arrived has its answer.
    const forceClose = setTimeout(() => server.closeAllConnections(), keptMs + options.answerMs + 500);
    await closeServer(server, keptMs);
    clearTimeout(forceClose);
  });
  return (server.address() as AddressInfo).port;
}
