import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Guarantees one `close` event for every response. When a connection ends, Node 20 and 22 emit it only for the current
 * response. Responses of pipelined requests behind it have no socket yet and would never close, so counters of requests
 * in flight would leak. They are destroyed here and emit `close` like any other. Node 24 does this itself.
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
  // Deferred until Node has closed the responses that it closes itself.
  socket.once('close', () => setImmediate(closeAll, responses));
  return responses;
}

function closeAll(responses: Set<ServerResponse>): void {
  for (const response of responses) {
    // A response that has, or had, the socket closes by itself.
    if (response.socket || response.writableFinished) continue;
    response.destroy();
    response.emit('close');
  }
}
