import type { Socket } from 'node:net';
import {
  AddressLimit,
  type CertificateFiles,
  ClientPort,
  OpenConnections,
  plainAddress,
  readZeroCopy,
  sweepIntervalMs,
} from '@teamtalk/net';
import type { PduFrame } from '@teamtalk/protocol';
import { type ClientLog, every, type Kit, type Logger } from '@teamtalk/service-kit';
import type { FileServerConfig } from '../config.js';
import type { FileServerMetrics } from '../metrics.js';
import { Connection, type ConnectionHost } from './connection.js';

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
  readonly #port: ClientPort;
  readonly #stopSweeping: () => Promise<void>;

  constructor({ config, certificate, metrics, kit, handle }: ClientListenerOptions) {
    this.#timeouts = config.timeouts;
    this.limits = config.limits;
    this.metrics = metrics;
    const { log, clientLog } = kit;
    this.log = log;
    this.clientLog = clientLog;
    this.handle = handle;
    const { loginMs, stallMs, idleMs } = config.timeouts;
    this.#port = new ClientPort({
      where: config.listen,
      maxSockets: config.limits.connections,
      addresses: new AddressLimit({
        ...config.addressLimits,
        total: config.limits.connections,
        refused: metrics.refusedByAddress,
        clientLog,
      }),
      layers: { certificate, proxyProtocol: config.proxyProtocol, openingMs: loginMs, metrics },
      metrics,
      log,
      clientLog,
      take: (socket, address) => this.#admit(socket, address),
      convert: plainSocket,
    });
    this.#stopSweeping = every(sweepIntervalMs(loginMs, stallMs, idleMs), () => this.#sweep());
  }

  get size(): number {
    return this.#connections.size;
  }

  /** @returns the bound port */
  listen(): Promise<number> {
    return this.#port.listen();
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    this.metrics.closed.inc({ reason: connection.closeReason });
  }

  /** Stops accepting and closes all connections: uploads resume at another file_server. */
  async stop(): Promise<void> {
    this.#port.close();
    void this.#stopSweeping();
    await this.#connections.drain({
      spreadMs: 0,
      graceMs: drainMs,
      end: (connection) => connection.end('draining'),
      destroy: (connection) => connection.destroy('draining'),
    });
  }

  #admit(socket: Socket, address: string | undefined): void {
    socket.setKeepAlive(true, 60_000);
    const from = plainAddress(address ?? socket.remoteAddress ?? '');
    this.#connections.add(new Connection(socket, from, this));
  }

  #sweep(): void {
    const { loginMs, stallMs, idleMs } = this.#timeouts;
    const now = performance.now();
    for (const connection of this.#connections) {
      const { participant } = connection;
      const silentMs = (since: number) => now - Math.max(connection.heardAt, since);
      if (connection.unreadMs(now) > stallMs) connection.destroy('not_reading');
      else if (connection.closed) continue;
      else if (!participant) {
        if (now - connection.openedAt > loginMs) connection.destroy('timeout');
      } else if (participant.owedSince !== undefined) {
        if (silentMs(participant.owedSince) > stallMs) connection.end('stalled');
      } else if (participant.idleSince !== undefined) {
        if (silentMs(participant.idleSince) > idleMs) connection.end('idle');
      }
    }
  }
}
