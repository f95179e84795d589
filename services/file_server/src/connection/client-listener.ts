import type { Socket } from 'node:net';
import {
  type CertificateFiles,
  ClientPort,
  ProxyEntrance,
  plainAddress,
  readZeroCopy,
  TlsEntrance,
} from '@teamtalk/net';
import type { PduFrame } from '@teamtalk/protocol';
import type { Logger } from '@teamtalk/service-kit';
import type { FileServerConfig } from '../config.js';
import type { FileServerMetrics } from '../metrics.js';
import { Connection, type ConnectionHost } from './connection.js';

export interface ClientListenerOptions {
  config: FileServerConfig;
  /** undefined: no TLS */
  certificate: CertificateFiles | undefined;
  metrics: FileServerMetrics;
  log: Logger;
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
  readonly handle: (connection: Connection, pdu: PduFrame) => void;
  readonly #config: FileServerConfig;
  readonly #connections = new Set<Connection>();
  readonly #port: ClientPort;
  readonly #proxy: ProxyEntrance | undefined;
  readonly #sweeper: NodeJS.Timeout;
  readonly #sweepIntervalMs: number;
  #emptied: (() => void) | undefined;

  constructor({ config, certificate, metrics, log, handle }: ClientListenerOptions) {
    this.#config = config;
    this.limits = config.limits;
    this.metrics = metrics;
    this.log = log;
    this.handle = handle;
    let next = (socket: Socket, address: string | undefined) => this.#admit(socket, address);
    if (certificate) {
      const handshakeMs = config.timeouts.loginMs;
      const entrance = new TlsEntrance({ certificate: certificate.current, handshakeMs, metrics, log, next });
      certificate.onChange = (current) => entrance.use(current);
      next = entrance.take;
    }
    if (config.proxyProtocol) this.#proxy = new ProxyEntrance({ metrics, log, next });
    const take = this.#proxy?.take ?? ((socket: Socket) => next(socket, undefined));
    const convert = certificate || config.proxyProtocol ? undefined : plainSocket;
    this.#port = new ClientPort({ maxSockets: config.limits.connections, metrics, log, take, convert });
    const { loginMs, stallMs, idleMs } = config.timeouts;
    this.#sweepIntervalMs = Math.max(10, Math.min(1_000, Math.floor(Math.min(loginMs, stallMs, idleMs) / 8)));
    this.#sweeper = setInterval(() => this.#sweep(), this.#sweepIntervalMs);
  }

  get size(): number {
    return this.#connections.size;
  }

  /** @returns the bound port */
  listen(): Promise<number> {
    return this.#port.listen(this.#config.listen);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    this.metrics.closed.inc({ reason: connection.closeReason });
    if (this.#connections.size === 0) this.#emptied?.();
  }

  /** Stops accepting and closes all connections: uploads resume at another file_server. */
  async stop(): Promise<void> {
    this.#port.close();
    this.#proxy?.close();
    clearInterval(this.#sweeper);
    if (this.#connections.size === 0) return;
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const connection of this.#connections) connection.end('draining');
    const cut = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy('draining');
    }, 1_000);
    await emptied;
    clearTimeout(cut);
  }

  #admit(socket: Socket, address: string | undefined): void {
    socket.setKeepAlive(true, 60_000);
    const from = plainAddress(address ?? socket.remoteAddress ?? '');
    this.#connections.add(new Connection(socket, from, this));
  }

  #sweep(): void {
    const { loginMs, stallMs, idleMs } = this.#config.timeouts;
    this.#proxy?.sweep(Math.ceil(loginMs / this.#sweepIntervalMs));
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
