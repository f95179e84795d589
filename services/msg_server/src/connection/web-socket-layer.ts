import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { MsgServerMetrics } from '../metrics.js';
import type { Connection } from './connection.js';
import type { Transport } from './transport.js';
import { WebSocketTransport } from './web-socket-transport.js';

export interface WebSocketLayerOptions {
  /** Origins of web pages that may connect; undefined: any. */
  origins: readonly string[] | undefined;
  maxPduBytes: number;
  /** Milliseconds a client has to send its HTTP request. */
  requestMs: number;
  metrics: MsgServerMetrics;
  admit: (transport: Transport, address: string | undefined) => Connection;
}

const maxRequestBytes = 8_192;

/**
 * Upgrades sockets, with or without TLS, to WebSockets. Any path and subprotocol is accepted. Compression is off,
 * because it needs more memory than the rest of a connection.
 */
export class WebSocketLayer {
  readonly #admit: WebSocketLayerOptions['admit'];
  readonly #metrics: MsgServerMetrics;
  /** Client addresses from PROXY headers. */
  readonly #addresses = new WeakMap<Socket, string>();
  readonly #http: Server;
  readonly #upgrades: WebSocketServer;

  constructor({ origins, maxPduBytes, requestMs, metrics, admit }: WebSocketLayerOptions) {
    this.#admit = admit;
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
    // It never listens itself, and Node starts the check for slow requests on this event.
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
        const allowed = !origins || origins.includes(origin);
        if (!allowed) metrics.upgradesRefused.inc({ reason: 'origin' });
        done(allowed, 403);
      },
    });
    this.#upgrades.on('wsClientError', (_, socket) => {
      metrics.upgradesRefused.inc({ reason: 'bad-request' });
      socket.once('finish', () => socket.destroy());
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
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
    this.#upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      const transport = new WebSocketTransport(webSocket, socket);
      transport.attach(this.#admit(transport, this.#addresses.get(socket)));
    });
  }

  #noUpgrade(response: ServerResponse): void {
    this.#metrics.upgradesRefused.inc({ reason: 'no-upgrade' });
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
  }
}
