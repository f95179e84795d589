import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { AddressLimit } from './address-limit.js';
import { clientAddress } from './http-addresses.js';
import type { ListenerMetrics } from './metrics.js';
import type { Networks } from './networks.js';
import type { Origins } from './origins.js';
import { plainAddress } from './plain-address.js';

export interface WebSocketLayerOptions {
  /** whose web pages may connect */
  origins: Origins;
  /** Proxies whose X-Forwarded-For is trusted. */
  forwarders: Networks;
  /** Limits the connections they forward for one address. */
  addresses: AddressLimit;
  maxPduBytes: number;
  /** Milliseconds a client has to send its HTTP request. */
  requestMs: number;
  metrics: Pick<ListenerMetrics, 'upgradesRefused'>;
  /**
   * Called with each WebSocket, and the socket below it.
   * @param address the client's IP address as a load balancer or proxy reports it; undefined: the socket's remote address
   */
  take: (webSocket: WebSocket, socket: Socket, address: string | undefined) => void;
}

const maxRequestBytes = 8_192;

/**
 * Upgrades sockets, with or without TLS, to WebSockets. Any path and subprotocol is accepted. Compression is off,
 * because it needs more memory than the rest of a connection.
 */
export class WebSocketLayer {
  readonly #take: WebSocketLayerOptions['take'];
  readonly #forwarders: Networks;
  readonly #limit: AddressLimit;
  readonly #metrics: WebSocketLayerOptions['metrics'];
  /** Client addresses from PROXY headers. */
  readonly #addresses = new WeakMap<Socket, string>();
  readonly #http: Server;
  readonly #upgrades: WebSocketServer;

  constructor(options: WebSocketLayerOptions) {
    const { origins, forwarders, addresses, maxPduBytes, requestMs, metrics, take } = options;
    this.#take = take;
    this.#forwarders = forwarders;
    this.#limit = addresses;
    this.#metrics = metrics;
    this.#http = createServer(
      {
        headersTimeout: requestMs,
        requestTimeout: requestMs,
        connectionsCheckingInterval: Math.min(requestMs, 1_000),
        maxHeaderSize: maxRequestBytes,
      },
      (_, response) => this.#noUpgrade(response),
    );
    // Node starts its check for slow requests on this event, and this server never listens itself.
    this.#http.emit('listening');
    this.#http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#upgrade(request, socket, head);
    });
    this.#upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxPduBytes,
      verifyClient: ({ origin }, done) => {
        const allowed = origins.allows(origin);
        if (!allowed) metrics.upgradesRefused.inc({ reason: 'origin' });
        done(allowed, 403);
      },
    });
    this.#upgrades.on('wsClientError', (_, socket) => {
      metrics.upgradesRefused.inc({ reason: 'bad-request' });
      refuse(socket as Socket, '400 Bad Request');
    });
  }

  readonly take = (socket: Socket, address: string | undefined): void => {
    if (address !== undefined) this.#addresses.set(socket, address);
    this.#http.emit('connection', socket);
  };

  /** Closes sockets that have not been upgraded yet. */
  close(): void {
    this.#http.closeAllConnections();
    // Stops the timer that checks for slow requests.
    this.#http.close();
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    let address = this.#addresses.get(socket);
    const peer = address ?? socket.remoteAddress;
    if (peer !== undefined && this.#forwarders.includes(peer)) {
      const forwarded = clientAddress(request, this.#forwarders, peer) ?? peer;
      address = isIP(plainAddress(forwarded)) === 0 ? peer : forwarded;
      if (!this.#limit.admit(socket, address)) {
        refuse(socket, '429 Too Many Requests');
        return;
      }
    }
    this.#upgrades.handleUpgrade(request, socket, head, (webSocket) =>
      this.#take(webSocket, socket, address),
    );
  }

  #noUpgrade(response: ServerResponse): void {
    this.#metrics.upgradesRefused.inc({ reason: 'no-upgrade' });
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
  }
}

function refuse(socket: Socket, status: string): void {
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
