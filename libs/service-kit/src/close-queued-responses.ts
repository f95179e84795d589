import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Guarantees a `close` event for every response. When a connection ends, Node emits it only for the current response.
 * Responses of pipelined requests behind it have no socket yet and would never close, so counters of requests in flight
 * would leak. They are destroyed here and emit `close` like any other.
 */
export function closeQueuedResponses(server: Server): void {
  const open = new WeakMap<Socket, Set<ServerResponse>>();
  server.on('request', ({ socket }, response) => {
    const responses = open.get(socket) ?? watch(socket);
    open.set(socket, responses);
    responses.add(response);
    response.once('close', () => responses.delete(response));
  });
}

function watch(socket: Socket): Set<ServerResponse> {
  const responses = new Set<ServerResponse>();
  socket.once('close', () => {
    for (const response of responses) {
      // A response that has, or had, the socket closes by itself.
      if (response.socket || response.writableFinished) continue;
      response.destroy();
      response.emit('close');
    }
  });
  return responses;
}
