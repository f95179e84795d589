import type { Socket } from 'node:net';
import {
  type AcceptHandler,
  AddressLimit,
  type CertificateFiles,
  ClientPort,
  type Convert,
  type Networks,
  OpenConnections,
  type ProxyProtocol,
  plainAddress,
  readZeroCopy,
  sweepIntervalMs,
  WebSocketLayer,
} from '@teamtalk/net';
import type { PduFrame } from '@teamtalk/protocol';
import { type ClientLog, every, type Kit, type Logger } from '@teamtalk/service-kit';
import type { FileServerConfig } from '../config.js';
import type { FileServerMetrics } from '../metrics.js';
import { type ClientStream, Connection, type ConnectionHost } from './connection.js';
import { WebSocketStream } from './web-socket-stream.js';

/** Time that clients have to close when the server stops, milliseconds. */
const drainMs = 1_000;

export interface ClientListenerOptions {
  config: FileServerConfig;
  /** undefined: no TLS */
  certificate: CertificateFiles | undefined;
  metrics: FileServerMetrics;
  kit: Pick<Kit, 'log' | 'clientLog'>;
  handle: (connection: Connection, pdu: PduFrame) => void;
}

/** Converts an accepted plain socket to one that reads into the shared buffer and emits its data as events. */
const plainSocket = readZeroCopy(function (this: Socket, chunk: Buffer) {
  this.emit('data', chunk);
});

/** Accepts clients, and closes connections that are silent for too long. */
export class ClientListener implements ConnectionHost {
  readonly limits: FileServerConfig['limits'];
  readonly metrics: FileServerMetrics;
  readonly log: Logger;
  readonly clientLog: ClientLog;
  readonly handle: (connection: Connection, pdu: PduFrame) => void;
  readonly #timeouts: FileServerConfig['timeouts'];
  readonly #connections = new OpenConnections<Connection>();
  readonly #ports = new Map<string, ClientPort>();
  readonly #webSockets: WebSocketLayer | undefined;
  readonly #stopSweeping: () => Promise<void>;

  constructor(options: ClientListenerOptions) {
    const { config, metrics, kit, handle } = options;
    this.#timeouts = config.timeouts;
    this.limits = config.limits;
    this.metrics = metrics;
    const { log, clientLog } = kit;
    this.log = log;
    this.clientLog = clientLog;
    this.handle = handle;
    const { loginMs, stallMs, idleMs } = config.timeouts;
    // Shared by both ports.
    const addresses = new AddressLimit({
      ...config.addressLimits,
      total: config.limits.connections,
      refused: metrics.refusedByAddress,
      clientLog,
    });
    const open = (
      name: string,
      port: number,
      { secure, proxyProtocol }: { secure: boolean | undefined; proxyProtocol: ProxyProtocol | undefined },
      sockets: { take: AcceptHandler; convert?: Convert; forwarders?: Networks },
    ) => {
      const where = { host: config.listen.host, port };
      const certificate = secure ? options.certificate : undefined;
      const layers = { certificate, proxyProtocol, openingMs: loginMs, metrics };
      const maxSockets = config.limits.connections;
      const more = { addresses, layers, metrics, log, clientLog };
      this.#ports.set(name, new ClientPort({ where, maxSockets, ...more, ...sockets }));
    };
    const { listen, tls, webSocket, proxies } = config;
    open(
      'client',
      listen.port,
      { secure: tls?.client, proxyProtocol: proxies.client },
      { take: (socket, address) => this.#admit(socket, socket, address), convert: plainSocket },
    );
    if (webSocket) {
      this.#webSockets = new WebSocketLayer({
        origins: webSocket.origins,
        forwarders: proxies.forwarders,
        addresses,
        maxPduBytes: config.limits.pduBytes,
        requestMs: loginMs,
        metrics,
        take: (ws, socket, address) => this.#admit(new WebSocketStream(ws, socket), socket, address),
      });
      const layers = { secure: tls?.webSocket, proxyProtocol: proxies.webSocket };
      open('ws', webSocket.port, layers, { take: this.#webSockets.take, forwarders: proxies.forwarders });
    }
    this.#stopSweeping = every(sweepIntervalMs(loginMs, stallMs, idleMs), () => this.#sweep());
  }

  get size(): number {
    return this.#connections.size;
  }

  /** @returns the bound ports, by name */
  async listen(): Promise<Record<string, number>> {
    const bound: Record<string, number> = {};
    for (const [name, port] of this.#ports) bound[name] = await port.listen();
    return bound;
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    this.metrics.closed.inc({ reason: connection.closeReason });
  }

  /** Closes the connections of a user who has been logged out everywhere. */
  cutOff(userId: number): void {
    for (const connection of this.#connections) {
      if (connection.participant && connection.userId === userId) connection.destroy('logged_out');
    }
  }

  /** Stops accepting and closes all connections: uploads resume at another file_server. */
  async stop(): Promise<void> {
    for (const port of this.#ports.values()) port.close();
    this.#webSockets?.close();
    void this.#stopSweeping();
    await this.#connections.drain({
      spreadMs: 0,
      graceMs: drainMs,
      end: (connection) => connection.end('draining'),
      destroy: (connection) => connection.destroy('draining'),
    });
  }

  /** @param stream carries the PDUs over the socket */
  #admit(stream: ClientStream, socket: Socket, address: string | undefined): void {
    if (this.#connections.size >= this.limits.connections) {
      this.metrics.refusedSockets.inc();
      stream.destroy();
      return;
    }
    socket.setKeepAlive(true, 60_000);
    const from = plainAddress(address ?? socket.remoteAddress ?? '');
    this.#connections.add(new Connection(stream, from, this));
  }

  #sweep(): void {
    const { loginMs, stallMs, idleMs } = this.#timeouts;
    const now = performance.now();
    for (const connection of this.#connections) {
      const { participant } = connection;
      if (connection.unreadMs(now) > stallMs) connection.destroy('not_reading');
      else if (connection.closed) continue;
      else if (!participant) {
        if (now - connection.openedAt > loginMs) connection.destroy('timeout');
      } else if (participant.owedSince !== undefined) {
        // The deadline is for the whole block; otherwise a client could trickle bytes and hold the connection forever.
        if (now - participant.owedSince > stallMs) connection.end('stalled');
      } else if (participant.idleSince !== undefined) {
        if (now - Math.max(connection.heardAt, participant.idleSince) > idleMs) connection.end('idle');
      }
    }
  }
}
