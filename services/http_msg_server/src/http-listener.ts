import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { closeServer, type Kit, listen } from '@teamtalk/service-kit';
import { ErrorCode, legacyAnswer } from './api/legacy-answer.js';

export interface HttpListenerOptions {
  host: string;
  port: number;
  maxConnections: number;
  /** ms for the whole of a request to arrive */
  requestMs: number;
  /** ms an answer may take after that */
  answerMs: number;
}

const refusals: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

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
  server.on('drop', () => refused.inc({ reason: 'too_many_connections' }));
  server.on('clientError', (error: NodeJS.ErrnoException, duplex) => {
    const socket = duplex as Socket;
    if (error.code === 'ECONNRESET' || !socket.writable) {
      refused.inc({ reason: 'reset' });
      socket.destroy();
      return;
    }
    const status = refusals[error.code ?? ''] ?? '400 Bad Request';
    refused.inc({ reason: status.slice(0, 3) });
    const body = legacyAnswer(ErrorCode.BAD_PARAMETER);
    socket.end(
      `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    socket.destroySoon();
  });
  await listen(server, options);
  life.onStop('HTTP', async () => {
    // By then every request that had arrived has its answer.
    const patience = setTimeout(() => server.closeAllConnections(), keptMs + options.answerMs + 500);
    await closeServer(server, keptMs);
    clearTimeout(patience);
  });
  return (server.address() as AddressInfo).port;
}
