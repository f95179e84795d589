import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const lookMs = 25;

/**
 * Stops an HTTP server. HTTP/1.1 cannot tell the other side of a kept connection that it is about to be closed but in
 * an answer, and a request that is on its way when it is closed is lost. So for `keptMs` milliseconds, as long as there
 * are connections, requests are still taken, and answered with `Connection: close`; which connections are idle after
 * that are closed, and the answers in flight waited for.
 * @param keptMs 0: idle connections are closed at once
 */
export async function closeServer(server: Server, keptMs = 0): Promise<void> {
  if (keptMs > 0) {
    // Before any handler: whatever it answers, the connection is over.
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    const end = performance.now() + keptMs;
    while (performance.now() < end && (await connectionsOf(server)) > 0) await delay(lookMs);
  }
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error ? 0 : count)));
}
