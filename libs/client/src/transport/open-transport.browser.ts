import type { ServerAddress } from '../server-location.js';
import type { Transport, TransportOptions } from './transport.js';
import { WebSocketTransport } from './web-socket-transport.js';

/** Connects by WebSocket, the only transport of a web page. @throws Error */
export async function openTransport(
  server: ServerAddress,
  options: TransportOptions,
  signal: AbortSignal,
): Promise<Transport> {
  if (server.url === undefined) throw new Error('a browser connects by WebSocket only: give its url');
  return WebSocketTransport.open(server.url, options, signal);
}
