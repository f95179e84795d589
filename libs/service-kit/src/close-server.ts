import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const pollIntervalMs = 25;

/**
 * Stops an HTTP server. HTTP/1.1 can announce the end of a keep-alive connection only in a response, and a request in
 * flight when the connection closes is lost. So for up to `keepAliveGraceMs` milliseconds requests are still accepted and answered
 * with `Connection: close`; then idle connections are closed and responses in flight are awaited.
 * @param keepAliveGraceMs 0: idle connections are closed at once
 */
export async function closeServer(server: Server, keepAliveGraceMs = 0): Promise<void> {
  if (keepAliveGraceMs > 0) {
    // Runs before any handler, so that every response closes its connection.
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    const end = performance.now() + keepAliveGraceMs;
    while (performance.now() < end && (await connectionsOf(server)) > 0) await delay(pollIntervalMs);
  }
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error ? 0 : count)));
}
