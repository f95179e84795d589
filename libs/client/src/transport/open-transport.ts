import type { ServerAddress } from '../server-location.js';
import { SocketTransport } from './socket-transport.js';
import type { Transport, TransportOptions } from './transport.js';
import { WebSocketTransport } from './web-socket-transport.js';

/**
 * Connects by TCP or WebSocket, depending on the address. Browsers get open-transport.browser.ts instead (package.json,
 * "browser").
 *
 * @throws Error when it cannot connect, or the reason of `signal`
 */
export function openTransport(
  server: ServerAddress,
  options: TransportOptions,
  signal: AbortSignal,
): Promise<Transport> {
  return server.url === undefined
    ? SocketTransport.open(server, options.tls, signal)
    : WebSocketTransport.open(server.url, options, signal);
}
